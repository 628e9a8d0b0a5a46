"""Threads that end before the interpreter does.

A daemon thread that is inside torch, OpenCV or OpenVINO when the interpreter ends aborts the
process. For other threads Python waits, without telling them to end.
"""

import atexit
from collections.abc import Callable
from threading import Thread, current_thread

_running: dict[Thread, Callable[[], object]] = {}
"""Thread -> function that asks it to end."""


def start(
    work: Callable[[], object], stop: Callable[[], object], name: str | None = None
) -> Thread:
    """Start a thread that :func:`end` can end, and that the interpreter's end will end.

    Args:
        work: what the thread does.
        stop: asks ``work`` to return soon; may be called more than once, and after its end.
        name: of the thread.
    """
    thread = Thread(target=work, name=name, daemon=True)
    _running[thread] = stop
    thread.start()
    return thread


def end(*threads: Thread) -> None:
    """Ask threads to end, and wait until they have."""
    for thread in threads:
        _running.get(thread, lambda: None)()
    for thread in threads:
        if thread is not current_thread():
            thread.join()
        _running.pop(thread, None)


@atexit.register
def end_all() -> None:
    """End all threads that were started here."""
    end(*_running)
