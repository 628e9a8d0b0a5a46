"""How long a reader waits for a process, and what it reads for nobody any more."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from ostnet.errors import InputError
from ostnet.media.limits import STALLED, BeyondLimitError

T = TypeVar("T")

_abandoned: ContextVar[Callable[[], bool]] = ContextVar("abandoned", default=lambda: False)


@contextmanager
def until(abandoned: Callable[[], bool]) -> Iterator[None]:
    """What is read inside, in this thread, is given up once ``abandoned()`` says so.

    It is asked at every frame; the reading then ends in an InputError.
    """
    token = _abandoned.set(abandoned)
    try:
        yield
    finally:
        _abandoned.reset(token)


def in_time(
    process: subprocess.Popen, items: Iterable[T], seconds: float | None = None
) -> Iterator[T]:
    """The items that are read from a process, as long as none takes too long to come.

    Time that the caller spends on an item does not count.

    Args:
        process: what gives the items; it is killed when time is up.
        items: read from its pipe.
        seconds: for each item, and to end after the last one; default: `STALLED`.

    Raises:
        BeyondLimitError: time was up.
        InputError: nobody waits for it any more, see :func:`until`.
    """
    seconds = STALLED if seconds is None else seconds
    watch, abandoned = _Watch(process, seconds), _abandoned.get()
    try:
        for item in items:
            watch.since = None
            if abandoned():
                raise InputError("stopped: nobody waits for this any more; start it again")
            yield item
            watch.since = time.monotonic()
        process.wait()
    finally:
        watch.over.set()
    if watch.ran_out:
        raise BeyondLimitError(
            f"the decoder came no further for {seconds:g} seconds; convert the file first"
        )


class _Watch:
    """A thread that looks at the clock."""

    def __init__(self, process: subprocess.Popen, seconds: float):
        self.since: float | None = time.monotonic()
        """When waiting began; None: nobody waits."""
        self.over = threading.Event()
        self.ran_out = False
        self._process, self._seconds = process, seconds
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self.over.wait(self._seconds / 20):
            since = self.since
            if since is not None and time.monotonic() - since > self._seconds:
                self.ran_out = True
                self._process.kill()
                return
