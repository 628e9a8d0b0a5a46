"""Retries of network calls on a device that runs out of memory.

Each thread computes one frame at a time; frames of many threads together may fill the device. Once
its memory has run out, calls run one at a time.
"""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import torch

from ostnet.errors import InputError

T = TypeVar("T")

PAUSES = (0.0, 0.5, 2.0)
"""Seconds before each retry, so that calls of other threads can end."""


class OomRetry:
    """Runs all calls of one device.

    Args:
        free: releases memory that calls can do without, when it has run out.
    """

    def __init__(self, free: Callable[[], object] | None = None):
        self._free = free
        self.turns: Any = nullcontext()
        """A lock, once memory has run out; before, a context that does nothing."""
        self._over = threading.Event()  # never set: its wait is a sleep

    def run(self, call: Callable[[], T]) -> T:
        """Return the result of a call; where memory runs out, free the cache and retry it alone.

        Raises:
            InputError: memory runs out even so, or the GPU failed.
        """
        for pause in (None, *PAUSES):
            if pause is not None:
                self._over.wait(pause)
            try:
                with self.turns:
                    if pause is not None and torch.cuda.is_available():
                        torch.cuda.empty_cache()
                    return call()
            except torch.OutOfMemoryError:
                if self._free is not None:
                    self._free()
                if isinstance(self.turns, nullcontext):
                    self.turns = threading.Lock()
            except torch.AcceleratorError as error:
                raise _gpu_failed(error) from error
        raise InputError("device: the GPU's memory is too small even for one frame at a time; "
                         "choose a smaller size, or device cpu")  # fmt: skip


def _gpu_failed(error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    return InputError(f"device: the GPU failed ({reason}); start again, or choose device cpu")
