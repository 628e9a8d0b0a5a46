"""What the commands share."""

import weakref

from ostnet.cli.inputs import finished


def test_a_run_is_followed_without_keeping_its_pictures():
    class Step:
        """Stands for a step with its picture."""

    alive = weakref.WeakSet()

    def events():
        for _ in range(10):
            step = Step()
            alive.add(step)
            yield step
            assert len(alive) <= 2
        yield "take"

    assert finished(events()) == "take"
