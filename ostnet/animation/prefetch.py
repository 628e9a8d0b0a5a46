"""Prefetching: an iterator that computes items in advance in its own thread."""

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Semaphore
from typing import TypeVar

from ostnet import threads

T = TypeVar("T")

THREAD_NAME = "ahead"
"""Name of every thread that is started here."""

DEPTH = 2
"""Number of items that are made in advance."""


def ahead(items: Iterable[T], depth: int = DEPTH) -> Iterator[T]:
    """Yield the same items in the same order, made in advance in a thread.

    The thread starts with the first item. It ends, and closes ``items`` if that is a generator,
    after the last item, after an error of ``items``, which is raised here, or when this iterator is
    closed.

    Args:
        items: an iterable, which runs in the other thread.
        depth: the most finished items that wait to be read.
    """
    made: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()
    room, stopped = Semaphore(depth), Event()

    def stop() -> None:
        stopped.set()
        room.release()

    thread = threads.start(lambda: _make(items, made.put, room, stopped), stop, THREAD_NAME)
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            room.release()
            yield item  # pyright: ignore[reportReturnType] -- None only with an error
            item = None  # free its memory once the consumer drops it
    finally:
        threads.end(thread)


def _make(items: Iterable, put, room: Semaphore, stopped: Event) -> None:
    """Put (item, None) for each item and at the end (None, the error that ended them)."""
    iterator = None
    try:
        iterator = iter(items)
        while room.acquire() and not stopped.is_set():
            put((next(iterator), None))
        put((None, GeneratorExit()))  # read only where the program ends before the consumer
    except BaseException as error:  # raised again in the consumer's thread
        put((None, error))
    finally:
        close(iterator)


def close(iterator: object) -> None:
    """Close a generator; do nothing for other iterators."""
    end = getattr(iterator, "close", None)
    if end is not None:
        end()
