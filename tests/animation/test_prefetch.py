"""An iterator that runs ahead in a thread."""

import threading
import time

import pytest
from threads_ahead import threads_ahead

from ostnet.animation.prefetch import ahead


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threads_ahead()
    yield
    assert threads_ahead() == before


@pytest.fixture
def counted():
    """Squares, and what happened to them: how many were made, by which thread they were closed."""

    class Squares:
        made, closed_by = 0, None

        def __call__(self, count):
            try:
                for number in range(count):
                    self.made += 1
                    yield number**2
            finally:
                self.closed_by = threading.current_thread()

    return Squares()


def test_all_items_in_order():
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead([])) == []
    assert list(ahead([None, 1, None])) == [None, 1, None]


def test_stages_in_a_row(counted):
    halves = (square / 2 for square in ahead(counted(50)))
    assert list(ahead(halves)) == [n * n / 2 for n in range(50)]


def test_nothing_is_made_before_the_first_is_asked_for_and_little_after(counted):
    items = ahead(counted(100), depth=3)
    time.sleep(0.02)
    assert counted.made == 0
    assert next(items) == 0
    until = time.monotonic() + 30
    while counted.made < 1 + 3 and time.monotonic() < until:  # the one in use, and those that wait
        time.sleep(0.01)
    time.sleep(0.05)
    assert counted.made == 1 + 3
    items.close()


def test_the_next_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(5)]

    def numbers():
        for number, event in enumerate(begun):
            event.set()
            yield number

    for number in ahead(numbers()):
        if number < 4:
            assert begun[number + 1].wait(timeout=30)  # without being asked for


def test_stopping_early_ends_the_thread_and_closes_what_it_went_through(counted):
    items = ahead(ahead(counted(100)))
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert counted.made < 10
    assert counted.closed_by not in (None, threading.current_thread())


def test_an_iterator_that_is_dropped_ends_its_thread(counted):
    next(ahead(counted(100)))
    assert counted.closed_by is not None


def test_an_error_surfaces_after_the_items_before_it():
    def broken():
        yield 1
        raise ValueError("torn file")

    items = ahead(ahead(broken()))
    assert next(items) == 1
    with pytest.raises(ValueError, match="torn file"):
        next(items)


def test_an_error_of_its_user_ends_the_thread(counted):
    with pytest.raises(KeyError):
        for _ in ahead(counted(100)):
            raise KeyError
    assert counted.closed_by is not None
