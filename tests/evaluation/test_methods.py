"""What each method makes of a source and driving frames, on an untrained network."""

import numpy as np
import pytest
import torch
from small_models import lively

from ostnet.evaluation.method_pictures import anchor_index, augment, generate
from ostnet.methods import METHODS, TRAINED_APART

OWN = [name for name in METHODS if name not in TRAINED_APART]


@pytest.fixture(scope="module")
def frames(face_picture):
    return np.stack([face_picture(60 + 10 * t, 100) for t in range(3)])


def test_every_method_gives_one_picture_per_driving_frame(model, frames):
    generated = generate(model, frames[0], frames, OWN)
    assert list(generated.images) == OWN
    assert {images.shape for images in generated.images.values()} == {frames.shape}
    assert all(np.array_equal(copy, frames[0]) for copy in generated.images["copy_source"])
    assert set(generated.scales) == {
        "full", "no_transform", "no_embedding", "neither", "closed_form", "full_clip_scale",
        "full_start_scale", "full_position", "full_portrait", "full_points",
        "full_portrait_points",
    }  # fmt: skip


def test_a_network_of_another_resolution_gives_pictures_of_the_sources_size(model, frames):
    assert model.config.resolution != 80
    smaller = [frame[10:90, 10:90] for frame in frames]
    generated = generate(model, smaller[0], smaller, ["full", "full_portrait"])
    assert {images.shape for images in generated.images.values()} == {(3, 80, 80, 3)}
    assert generated.rectified.shape == (3, 80, 80, 3)


def test_an_untrained_module_is_the_identity(model, frames):
    generated = generate(model, frames[0], frames, OWN)
    assert generated.scales["full"] == pytest.approx(1, abs=1e-5)
    assert np.abs(generated.rectified.astype(int) - frames).max() <= 1
    assert np.array_equal(generated.images["full"], generated.images["no_embedding"])


def test_an_anchor_equal_to_the_frame_shows_the_source_unmoved(model, frames):
    """Relative motion of the anchor itself is none: the source's own keypoints."""
    images = generate(model, frames[2], frames, ["anchor_relative"], anchor=1).images
    still = generate(model, frames[2], frames[2:], ["neither"]).images["neither"][0]
    difference = images["anchor_relative"][1].astype(int) - still
    assert np.abs(difference).max() <= 1


def test_closed_form_takes_out_the_spread_of_the_keypoints(model, frames):
    generated = generate(model, frames[0], frames, ["closed_form"])
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        spread = model.keypoints(pictures).numpy().std(axis=1)  # (3, 2)
    assert generated.scales["closed_form"] == pytest.approx(spread / spread[0], rel=1e-4)
    assert generated.scales["closed_form"][2] != pytest.approx([1, 1], abs=1e-3)


def test_augmentation_stretches_about_the_centre(face_picture):
    picture = face_picture(80, 100)
    assert np.array_equal(augment([picture], [(1.0, 1.0)])[0], picture)
    wide, small = augment([picture, picture], [(1.25, 1.0), (0.75, 0.5)])
    for image, width, height in ((wide, 100, 100), (small, 60, 50)):
        rows, columns = np.nonzero(image.mean(2) > 128)
        assert np.ptp(columns) + 1 == pytest.approx(width, abs=2)
        assert np.ptp(rows) + 1 == pytest.approx(height, abs=2)


def test_the_anchor_is_the_frame_most_like_the_source(face_points):
    bent = face_points + np.sin(face_points[:, ::-1] / 9) * 8
    larger = (face_points - 50) * 1.4
    assert anchor_index(face_points, [bent, None, larger, bent]) == 2
    assert anchor_index(None, [bent]) == 0
    assert anchor_index(face_points, [None, None]) == 0


def test_one_scale_for_the_clip_is_the_median_of_its_frames(frames):
    model = lively(scale=40)  # random, and large enough to tell the frames apart
    generated = generate(model, frames[0], frames, ["full", "full_clip_scale"])
    measured = generated.scales["full"].clip(1e-3)
    assert np.ptp(measured[:, 0]) > 1e-3
    for scale in generated.scales["full_clip_scale"]:
        assert scale == pytest.approx(np.exp(np.median(np.log(measured), axis=0)), rel=1e-3)


def test_the_scale_at_the_start_is_the_median_of_the_first_second(frames):
    model = lively(scale=40)
    first = frames[1:]
    generated = generate(model, frames[0], frames, ["full", "full_start_scale"], first_second=first)
    expected = np.exp(np.median(np.log(generated.scales["full"][1:].clip(1e-3)), axis=0))
    for scale in generated.scales["full_start_scale"]:
        assert scale == pytest.approx(expected, rel=1e-3)
    without = generate(model, frames[0], frames, ["full_clip_scale", "full_start_scale"])
    assert np.array_equal(*without.images.values())  # the frames measured, where none are given
