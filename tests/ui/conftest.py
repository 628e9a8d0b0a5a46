"""One portrait and one driving clip of the shipped examples, looked at once."""

import pytest

from ostnet.options import AnimateOptions
from ostnet.ui import examples
from ostnet.ui.inputs import look_at_driving, look_at_portrait, make_scene

SECONDS = 0.32
"""Eight frames of the clip."""


def example(name: str) -> str:
    """The path of a shipped example."""
    return str(next(examples.EXAMPLES.glob(f"[dp]*/{name}*")))


@pytest.fixture(scope="session")
def portrait_file() -> str:
    return example("eileen_collins")


@pytest.fixture(scope="session")
def driving_file() -> str:
    return example("mid_1.0_audio")


@pytest.fixture(scope="session")
def portrait(portrait_file):
    return look_at_portrait(portrait_file)


@pytest.fixture(scope="session")
def driving(driving_file):
    return look_at_driving(driving_file, SECONDS)


@pytest.fixture
def scene(portrait, driving):
    return make_scene(portrait, driving, AnimateOptions())
