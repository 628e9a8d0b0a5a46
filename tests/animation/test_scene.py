"""Files in: faces are found and the crops chosen."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, Identity, render

from ostnet import InputError
from ostnet.animation.scene import Inputs, look_at
from ostnet.media.video import VideoWriter


@pytest.fixture
def two_people(tmp_path):
    """A portrait of two, the larger on the left, and a driving clip of one."""
    larger = render(FaceParams(scale=(1.2, 1.2)), 256)[0]
    smaller = render(FaceParams(Identity(seed=3, skin=(0.64, 0.45, 0.34))), 256)[0]
    Image.fromarray(np.hstack([larger, smaller])).save(tmp_path / "two.png")
    with VideoWriter(tmp_path / "one.mp4", Fraction(25)) as writer:
        for _ in range(3):
            writer.write(smaller)
    return tmp_path


def test_face_chooses_in_the_file_that_shows_so_many(two_people):
    def source_left(face: int) -> float:
        inputs = Inputs(two_people / "two.png", two_people / "one.mp4", face=face)
        return look_at(inputs).source_crop.left

    assert source_left(0) < 128 < source_left(1)
    with pytest.raises(InputError, match="face 2 was asked for, but 2 were found"):
        source_left(2)
