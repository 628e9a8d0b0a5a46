"""Calls of networks on a device that may have too little memory for several of them at once.

A network sees one frame at a time; what fills a device are the frames that are in the networks at
the same time, each in a thread of its own. When memory has run out they take turns from then on.
"""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

import torch

from ostnet.errors import InputError

PAUSES = (0.0, 0.5, 2.0)
"""Seconds before each further try: what others had begun needs time to end."""


class OomRetry:
    """Of one device; shared by all calls that go there."""

    def __init__(self):
        self.turns: Any = nullcontext()
        """A lock, once memory has run out."""
        self._over = threading.Event()  # never set

    def run(self, call: Callable[[], Any]) -> Any:
        """What a call gives; it is tried again, alone and with freed memory, where that was short.

        Raises:
            InputError: it does not fit even so, or the device is lost.
        """
        try:
            with self.turns:
                return call()
        except torch.OutOfMemoryError:
            if isinstance(self.turns, nullcontext):
                self.turns = threading.Lock()
        except torch.AcceleratorError as error:
            raise _lost(error) from error
        for pause in PAUSES:
            self._over.wait(pause)
            try:
                with self.turns:
                    _free()
                    return call()
            except torch.OutOfMemoryError:
                continue
            except torch.AcceleratorError as error:
                raise _lost(error) from error
        raise InputError("device: its memory is too small for even one frame at a time; "
                         "choose a smaller size, or device cpu")  # fmt: skip


def retried(method: Callable) -> Callable:
    """A method of a back end with a ``oom_retry``, run by it."""

    @wraps(method)
    def run(self, *arguments, **options):
        return self.oom_retry.run(lambda: method(self, *arguments, **options))

    return run


def _free() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _lost(error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    return InputError(f"device: the GPU failed ({reason}); start again, or choose device cpu")
