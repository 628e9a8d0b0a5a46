"""A limit on how long a process may keep its reader waiting."""

import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ostnet.media.limits import STALLED, BeyondLimitError

T = TypeVar("T")


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
    """
    seconds = STALLED if seconds is None else seconds
    watch = _Watch(process, seconds)
    try:
        for item in items:
            watch.since = None
            yield item
            watch.since = time.monotonic()
        process.wait()
    finally:
        watch.over.set()
    if watch.ran_out:
        raise BeyondLimitError(
            f"the decoder came no further for {seconds:g} seconds; convert the file to MP4"
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
