"""How a command ends: its exit code, and its one line on standard error."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ostnet import threads
from ostnet.errors import InputError
from ostnet.streams import open_streams

STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that end a command: Ctrl-C, `kill`, a closed terminal."""

CLEANING_SECONDS = 10
"""Seconds for which further signals are ignored, since unfinished files are being removed."""

AGAIN_SECONDS = 0.05
"""Seconds after which a signal is repeated that came at a moment at which Python drops errors."""


class _Stopped(KeyboardInterrupt):
    """Raised in the main thread when a signal arrives."""


def exit_code(command: Callable[[], object]) -> int:
    """Run a command and return its exit code.

    An error that a user can cause becomes one line on standard error and code 2. A signal removes
    unfinished files; the code is 128 and its number, such as 130 for Ctrl-C. The threads of
    :mod:`ostnet.threads` have ended. Standard streams may be closed.
    """
    open_streams()
    came: list[int] = []
    try:
        with _stopped_cleanly(came):
            command()
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _stopped(came)
    except Exception as error:
        if came:  # a library turned the interruption into an error of its own
            return _stopped(came)
        if isinstance(error, InputError):
            return _complain(str(error), error.exit_code)
        if isinstance(error, OSError):
            which = error.filename or "system"
            what = error.strerror or error
            return _complain(f"{which}: {what}; check disk, path and permissions")
        raise
    return 0


def _stopped(came: list[int]) -> int:
    print("ostnet: stopped", file=sys.stderr)
    return 128 + (came[0] if came else signal.SIGINT)


@contextmanager
def _stopped_cleanly(came: list[int]) -> Iterator[None]:
    """Let signals end the block with an exception; add their numbers to ``came``.

    All threads have ended after it.
    """
    last = -CLEANING_SECONDS

    def stop(number: int, frame: object) -> None:
        nonlocal last
        came.append(number)
        if time.monotonic() - last > CLEANING_SECONDS:
            last = time.monotonic()
            raise _Stopped

    def dropped(unraisable) -> None:
        nonlocal last
        if not isinstance(unraisable.exc_value, _Stopped):
            return report(unraisable)
        last = -CLEANING_SECONDS
        again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), came[0]))
        again.daemon = True
        again.start()

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signal handlers
        return
    report, sys.unraisablehook = sys.unraisablehook, dropped
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # such as SIGHUP under nohup
            signal.signal(number, stop)
    try:
        yield
    finally:
        last = time.monotonic()
        threads.end_all()
        sys.unraisablehook = report
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _complain(message: str, code: int = 2) -> int:
    line = " ".join(message.split())
    print("ostnet: error:", "".join(c if c.isprintable() else "?" for c in line), file=sys.stderr)
    return code
