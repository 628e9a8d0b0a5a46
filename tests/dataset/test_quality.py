"""What is dropped, and why."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ostnet.dataset.prepare.quality import Framing, flaw, sharpness
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.shots import Face
from ostnet.dataset.prepare.tracks import Track
from ostnet.media.crop import Crop
from ostnet.media.faces import Box

CONFIG = PrepareConfig("videos", "out")
FRAMED = Framing(Crop(0, 0, 300), margin=1.85, shift=0.0)


def track(frames=100, side=150, sharp=100.0, seen=20, missed=0):
    face = Face(Box(0, 0, side, side), sharp)
    return Track(0, frames, dict.fromkeys(range(seen), face), list(range(seen, seen + missed)))


def test_a_good_track_is_kept():
    assert flaw(track(), FRAMED, CONFIG) is None
    assert flaw(track(), None, CONFIG) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (track(frames=63), "63 frames; at least 64"),
        (track(seen=3, missed=1), "no face in 25% of the looks; at most 20%"),
        (track(seen=0, missed=5), "no face in 100%"),
        (track(side=127), "face of 127 pixels; at least 128"),
        (track(sharp=24.0), "sharpness 24; at least 25"),
    ],
)
def test_a_bad_track_is_dropped_with_its_reason(bad, reason):
    assert flaw(bad, FRAMED, CONFIG).startswith(reason)


def test_a_square_that_does_not_fit_is_dropped_unless_it_was_given():
    tight, moved = (Framing(Crop(0, 0, 300), *how) for how in ((1.3, 0.0), (1.85, 0.3)))
    assert flaw(track(), tight, CONFIG).startswith("room for 1.30 face sides; at least 1.5")
    assert flaw(track(), moved, CONFIG).startswith("square moved by 30% of its side")


def test_blur_lowers_the_sharpness_and_size_does_not(portraits):
    picture = Image.fromarray(portraits["ann"][0]).resize((320, 320), Image.Resampling.BICUBIC)
    box = Box(80, 80, 240, 240)
    sharp = sharpness(np.asarray(picture), box)
    assert sharpness(np.asarray(picture.filter(ImageFilter.GaussianBlur(4))), box) < sharp / 3
    double = np.asarray(picture.resize((640, 640), Image.Resampling.BICUBIC))
    assert sharpness(double, Box(160, 160, 480, 480)) == pytest.approx(sharp, rel=0.2)
    assert sharpness(double, Box(-50, -50, -10, -10)) == 0
