"""Work that goes on while its results are used: an iterator run ahead in a thread of its own."""

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TypeVar

T = TypeVar("T")

THREAD_NAME = "ahead"
"""Of every thread that is started here."""

DEPTH = 2
"""Items that are made before they are asked for: enough that neither side waits for long."""


def ahead(items: Iterable[T], depth: int = DEPTH) -> Iterator[T]:
    """The same items in the same order, made in a thread before they are asked for.

    The thread starts when the first item is asked for. It has ended, and ``items``, where it is a
    generator, was closed in it, once the last item was given, an error of ``items`` has surfaced
    (where it would without the thread) or the iterator is closed.

    Args:
        items: what to go through; it runs in the other thread.
        depth: how many items may wait at most.
    """
    made: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()
    room, stopped = Semaphore(depth), Event()
    within = copy_context()  # such as who gives up reading
    work = (_make, items, made.put, room, stopped)
    thread = Thread(name=THREAD_NAME, target=within.run, args=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            room.release()
            yield item  # pyright: ignore[reportReturnType] -- None only beside an error
            item = None  # kept by nobody but its user
    finally:
        stopped.set()
        room.release()
        thread.join()


def _make(items: Iterable, put, room: Semaphore, stopped: Event) -> None:
    """The thread: (item, None) for each, at last (None, what ended them)."""
    iterator = None
    try:
        iterator = iter(items)
        while room.acquire() and not stopped.is_set():
            put((next(iterator), None))
    except BaseException as error:  # the user of the items decides what to make of it
        put((None, error))
    finally:
        close(iterator)


def close(iterator: object) -> None:
    """End a generator now, and whatever it goes through with it; other iterators have no end."""
    end = getattr(iterator, "close", None)
    if end is not None:
        end()
