"""Decoder and encoder processes with limits on memory, processor time, files and waiting time.

Each process has its own session, so that Ctrl-C in a terminal reaches only this program, which
then ends them. The kernel enforces the limits; on macOS and Windows only the timeout holds.
"""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, TypeVar

from ostnet.errors import InputError
from ostnet.media.limits import (
    LONGEST_LOG,
    MOST_FILES,
    STALLED,
    BeyondLimitError,
    DecoderLimits,
)

resource: Any
try:
    import resource
except ImportError:  # Windows
    resource = None

T = TypeVar("T")

Cancel = Callable[[], bool]
"""A function that returns True once the result is no longer needed."""

MEGABYTE = 1 << 20

GRACE_SECONDS = 5
"""Processor time between the signal that ends a decoder and the one that kills it."""

OUT_OF_MEMORY = (b"annot allocate memory", b"ould not allocate memory", b"temporarily unavailable")
"""Messages of ffmpeg when it gets no memory, or no thread for lack of memory."""


def start_decoder(command: list[str], log: IO[bytes]) -> subprocess.Popen:
    """Start a process that reads an untrusted file and writes only to its pipe and its log."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, bufsize=MEGABYTE, start_new_session=True
    )
    limits = DecoderLimits.here()
    _limit(process, "CPU", limits.seconds, limits.seconds + GRACE_SECONDS)
    _limit(process, "FSIZE", LONGEST_LOG)
    _limit_memory_and_files(process, limits)
    return process


def start_encoder(command: list[str], **pipes) -> subprocess.Popen:
    """Start a process that also writes a file."""
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    _limit_memory_and_files(process, DecoderLimits.here())
    return process


def broken_limit(process: subprocess.Popen, log: bytes) -> str | None:
    """Return which limit ended a decoder and what to do about it; None: no limit did."""
    limits = DecoderLimits.here()
    # 244, 245: ffmpeg's ENOMEM and EAGAIN
    if process.returncode in (244, 245) or any(words in log for words in OUT_OF_MEMORY):
        return f"it needs more than {limits.memory} MB to decode; give a smaller one"
    if resource is None or process.returncode is None:
        return None
    import signal

    # 255: ffmpeg was asked to stop
    if process.returncode in (255, -signal.SIGXCPU):
        return f"decoding needs more than {limits.seconds} seconds of CPU time; give a shorter one"
    if process.returncode == -signal.SIGXFSZ:
        return "the decoder reports too many errors; convert the file first"
    return None


def read_in_time(
    process: subprocess.Popen,
    items: Iterable[T],
    seconds: float | None = None,
    cancel: Cancel | None = None,
) -> Iterator[T]:
    """Yield items that are read from a process; the time that the caller takes does not count.

    Args:
        process: writes the items; killed at the timeout.
        items: read from its pipe.
        seconds: timeout for each item, and for the end after the last one; default: `STALLED`.
        cancel: called at every item; the reading ends once it returns True.

    Raises:
        BeyondLimitError: timeout.
        InputError: the reading was cancelled.
    """
    watchdog = _Watchdog(process, STALLED if seconds is None else seconds)
    try:
        for item in until(cancel, items):
            watchdog.since = None
            yield item
            watchdog.since = time.monotonic()
        process.wait()
    finally:
        watchdog.over.set()
    if watchdog.expired:
        raise BeyondLimitError(
            f"the decoder made no progress for {watchdog.seconds:g} seconds; convert the file first"
        )


def until(cancel: Cancel | None, items: Iterable[T]) -> Iterator[T]:
    """Yield items; raise InputError once ``cancel`` returns True, which is called at each item."""
    for item in items:
        if cancel is not None and cancel():
            raise InputError("stopped: the job was cancelled; start it again")
        yield item


class _Watchdog:
    """A thread that kills a process at the timeout."""

    def __init__(self, process: subprocess.Popen, seconds: float):
        self.since: float | None = time.monotonic()
        """Start of the wait; None: the caller is at work."""
        self.over = threading.Event()
        self.expired = False
        self.process, self.seconds = process, seconds
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self.over.wait(self.seconds / 20):
            since = self.since
            if since is not None and time.monotonic() - since > self.seconds:
                self.expired = True
                self.process.kill()
                return


def _limit_memory_and_files(process: subprocess.Popen, limits: DecoderLimits) -> None:
    _limit(process, "DATA", limits.memory * MEGABYTE)
    _limit(process, "NOFILE", MOST_FILES)
    _limit(process, "CORE", 0)


def _limit(process: subprocess.Popen, kind: str, soft: int, hard: int | None = None) -> None:
    """Limit a process that has just been started, as `prlimit(1)` does; it may have ended."""
    if resource is None or not hasattr(resource, "prlimit"):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
        which = getattr(resource, f"RLIMIT_{kind}")
        most = resource.prlimit(process.pid, which)[1]
        if most == resource.RLIM_INFINITY:
            most = hard or soft
        # a lower limit that is already set stays
        resource.prlimit(process.pid, which, (min(soft, most), min(hard or soft, most)))
