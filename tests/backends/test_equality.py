"""Every back end makes the pictures that eager torch makes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import SMALL, calibrated, lively

from ostnet import Animator, OSTNet
from ostnet.animation import VARIANTS
from ostnet.animation.frame import STREAM, ClipReference
from ostnet.backends import usable
from ostnet.hub import embedded
from ostnet.media.crop import source_crop
from ostnet.media.video import read_frames, read_image
from ostnet.options import METHOD

FAST = [name for name in usable(torch.device("cpu")) if name != "torch"]

READINGS = {
    "closed form": (replace(METHOD, alignment="closed-form"), STREAM),
    "one scale": (replace(METHOD, scale_window="clip"), ClipReference(scale=(1.2, 0.9))),
    "running median": (replace(METHOD, scale_window=2), ClipReference(fps=1)),
    "smoothed": (replace(METHOD, scale_smoothing=True), STREAM),
    "relative": (replace(METHOD, motion="relative"), STREAM),
    "points": (replace(METHOD, rectify="points"), STREAM),
}


def frames_of(model, backend, source, driving, reading=(METHOD, STREAM), size=None):
    """All variants of every driving frame."""
    animator = Animator(model, "cpu", backend, size)
    assert animator.backend == backend
    animator.set_source(source)
    options, clip = reading
    return list(animator.variants(driving, options=options, clip=clip))


def compare(name, expected, found, pixel: int = 1):
    """Pictures within ``pixel`` of each other; what was measured the same.

    Where motion is computed in bfloat16 or int8, most pixels are: flows are a fraction of a pixel
    off.
    """
    reduced = name.endswith(("bf16", "int8"))
    mean = {"openvino-int8": 1.0, "openvino-bf16": 0.5, "torch-bf16": 0.5}.get(name, 0.25)
    for one, other in zip(expected, found, strict=True):
        for name in VARIANTS:
            difference = np.abs(one[name].image.astype(int) - other[name].image)
            assert difference.mean() < mean
            assert np.quantile(difference, 0.99 if reduced else 1) <= (4 if reduced else pixel)
            assert np.abs(one[name].rectified.astype(int) - other[name].rectified).max() <= 1
            assert one[name].scale == pytest.approx(other[name].scale, abs=1e-3)
            assert one[name].driving_spread == pytest.approx(other[name].driving_spread, abs=1e-4)


def test_same_pictures_of_every_kind_of_network(model, pictures):
    source, *driving = pictures
    expected = frames_of(model, "torch", source, driving)
    for name in FAST:
        compare(name, expected, frames_of(model, name, source, driving))


@pytest.mark.parametrize("reading", READINGS)
def test_same_pictures_however_the_driving_clip_is_read(small, pictures, reading):
    model, (source, *driving) = small("quick"), pictures
    expected = frames_of(model, "torch", source, driving, READINGS[reading])
    for name in FAST:
        compare(name, expected, frames_of(model, name, source, driving, READINGS[reading]))


def test_points_are_divided_by_the_steered_scale(small, pictures):
    source, *driving = pictures
    reading = replace(METHOD, rectify="points", scale_window=2), ClipReference(fps=1)
    for name in ("torch", *FAST):
        for made in frames_of(small("quick"), name, source, driving, reading):
            full, raw = made["full"], np.array(made["no_transform"].keypoints)
            np.testing.assert_allclose(full.keypoints, raw / full.scale, rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(raw, np.array(full.reading.x_driving[0]))


def test_same_pictures_at_another_size(small, pictures):
    model, (source, *driving) = small("quick"), pictures
    expected = frames_of(model, "torch", source, driving, size=96)
    for name in FAST:
        found = frames_of(model, name, source, driving, size=96)
        assert found[0]["full"].image.shape == (96, 96, 3)
        compare(name, expected, found)


def test_same_pictures_of_a_network_without_the_scale_machinery(pictures):
    config = replace(SMALL, with_scale_transform=False, with_scale_embedding=False)
    source, *driving = pictures
    expected = frames_of(lively(config), "torch", source, driving)
    for name in FAST:
        compare(name, expected, frames_of(calibrated(lively(config)), name, source, driving))


def framed(portrait: np.ndarray) -> np.ndarray:
    """The square that is animated, uint8 (256, 256, 3)."""
    return source_crop(portrait)[0].apply(portrait, 256)


@pytest.mark.slow
def test_trained_weights_on_faces():
    model = OSTNet.from_pretrained(str(embedded().folder))
    examples = embedded().folder.parents[1] / "examples"
    portraits = sorted(examples.glob("portraits/*"))
    if not portraits:
        pytest.skip("no examples here")
    source, *driving = [framed(read_image(portrait)) for portrait in portraits]
    for clip in sorted(examples.glob("driving/*.mp4")):
        driving += list(read_frames(clip, 101))[-1:]
    expected = frames_of(model, "torch", source, driving)
    for name in FAST:
        found = frames_of(model, name, source, driving)
        compare(name, expected, found, pixel=2)
