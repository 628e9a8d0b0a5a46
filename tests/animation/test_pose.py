"""The reference pose: which part of the driver's place and pose reaches the portrait."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import SMALL, lively

from ostnet import AnimateOptions, Animator
from ostnet.animation.frame import ClipReference, DrivingFrame
from ostnet.animation.pose import own_place, posed, read_shots
from ostnet.landmarks import KEYPOINT_GAPS, KEYPOINTS
from ostnet.model.frame import Reading
from ostnet.options import METHOD, RECTIFY

RANDOM = np.random.default_rng(0)
SOURCE = RANDOM.uniform(-0.5, 0.5, (1, 30, 2))
NEUTRAL = RANDOM.uniform(-0.5, 0.5, (1, 30, 2))
NAMES = list(KEYPOINTS)
EYES_MOUTH = sorted({index for gap in KEYPOINT_GAPS for index in gap})
RIGID = [index for index in range(30) if index not in EYES_MOUTH]


def distance(points, one: str, other: str) -> float:
    return float(np.linalg.norm(points[0, NAMES.index(one)] - points[0, NAMES.index(other)]))


def test_pose_driver_performs_the_driving_points_themselves():
    assert posed("driver", SOURCE, NEUTRAL + 0.1, NEUTRAL) == pytest.approx(NEUTRAL + 0.1)


def test_pose_position_moves_the_driver_onto_the_portrait_and_keeps_its_shape():
    performed = posed("position", SOURCE, NEUTRAL, NEUTRAL)
    assert performed.mean(1) == pytest.approx(SOURCE.mean(1))
    assert np.ptp(performed - NEUTRAL, axis=1) == pytest.approx(0)


def test_pose_portrait_rests_where_the_portrait_rests_and_moves_as_the_driver_moves():
    moved = NEUTRAL + np.array([0.1, -0.05])
    for driving, change in ((NEUTRAL, 0.0), (moved, moved - NEUTRAL)):
        performed = posed("portrait", SOURCE, driving, NEUTRAL)
        assert performed[:, RIGID] == pytest.approx((SOURCE + change)[:, RIGID])


def test_pose_portrait_closes_the_mouth_of_a_portrait_that_smiles():
    upper, lower = KEYPOINT_GAPS[2]
    driving = NEUTRAL.copy()
    driving[:, lower] = driving[:, upper]
    performed = posed("portrait", SOURCE, driving, NEUTRAL)
    assert performed[:, lower] == pytest.approx(performed[:, upper])


@pytest.mark.parametrize(
    ("upper", "lower", "ends"),
    [
        ("lid_upper_left", "lid_lower_left", ("eye_outer_left", "eye_inner_left")),
        ("lid_upper_right", "lid_lower_right", ("eye_outer_right", "eye_inner_right")),
        ("lip_inner_upper", "lip_inner_lower", ("nose_bridge", "nose_base")),
        ("lip_upper", "lip_lower", ("nose_bridge", "nose_base")),
    ],
)
def test_pose_portrait_opens_lids_and_lips_as_far_as_the_driver(upper, lower, ends):
    """Lids in widths of the portrait's eye, lips in lengths of its nose."""
    performed = posed("portrait", SOURCE, NEUTRAL, NEUTRAL)
    opened = distance(performed, upper, lower) / distance(SOURCE, *ends)
    assert opened == pytest.approx(distance(NEUTRAL, upper, lower) / distance(NEUTRAL, *ends))


def test_tensors_and_arrays_give_the_same_pose():
    points = [torch.from_numpy(each) for each in (SOURCE, NEUTRAL * 1.1, NEUTRAL)]
    tensors = posed("portrait", *points)
    assert posed("portrait", SOURCE, NEUTRAL * 1.1, NEUTRAL) == pytest.approx(tensors.numpy())


def test_networks_without_lids_have_a_reference_pose_too():
    few = [points[:, :15] for points in (SOURCE, NEUTRAL, NEUTRAL)]
    performed = posed("portrait", *few)
    assert performed[:, NAMES.index("chin")] == pytest.approx(few[0][:, NAMES.index("chin")])


def test_the_heads_movement_is_taken_as_it_is_seen_not_divided_by_the_scale():
    driving = NEUTRAL + np.array([0.4, 0.0])
    reading = Reading(driving, None, None, driving / 0.5)  # a face at half the portrait's size
    assert own_place(reading).mean(1) == pytest.approx(driving.mean(1))
    assert np.ptp(own_place(reading), axis=1) == pytest.approx(2 * np.ptp(driving, axis=1))


@pytest.fixture
def pictures():
    """Uniform blocks of grey: 30 frames that hardly differ, then 10 after a cut."""
    dark, light = np.full((64, 64, 3), 40, np.uint8), np.full((64, 64, 3), 200, np.uint8)
    return [DrivingFrame(dark)] * 30 + [DrivingFrame(light)] * 10


def test_each_shot_is_read_by_itself(pictures):
    assert [(first, len(taken)) for first, taken in read_shots(pictures, 40, None)] == [
        (0, 30), (30, 10)
    ]  # fmt: skip


def test_at_most_48_frames_of_a_long_shot_are_read(pictures):
    (_, taken), *_ = read_shots(pictures[:1] * 4800, 4800, None)
    assert len(taken) == 48


def test_frames_without_a_face_say_nothing_of_the_neutral_pose(pictures):
    frames = [DrivingFrame(shown.picture, face=False) for shown in pictures[:9]] + pictures[:1]
    ((_, taken),) = read_shots(frames, 10, None)
    assert len(taken) == 1


@pytest.fixture
def animator(source):
    """Return an animator whose small network has all 30 keypoints."""
    animator = Animator(lively(replace(SMALL, keypoints=30)), "cpu", "torch")
    animator.set_source(source)
    return animator


@pytest.fixture
def driving(driving):
    """One shot: the same picture, which moves to the right."""
    return [np.roll(driving[0], 3 * step, axis=1) for step in range(4)]


def performed(animator, frames, options):
    """What the source performs in each frame: keypoints (T, K, 2) of full and no_transform."""
    clip = animator.reference(frames, options)
    made = list(animator.variants(frames, ["full", "no_transform"], options, clip))
    return [np.stack([f[name].keypoints for f in made]) for name in ("full", "no_transform")]


def rest(animator):
    """The portrait's own keypoints (K, 2)."""
    return np.asarray(animator.source.keypoints)[0]


def test_all_variants_get_the_same_correction(animator, driving):
    """So variants differ in the driver's size alone."""
    full, plain = performed(animator, driving, AnimateOptions())
    unposed, unposed_plain = performed(animator, driving, METHOD)
    change = plain - unposed_plain
    own = unposed + (unposed_plain.mean(1) - unposed.mean(1))[:, None]
    assert full - own == pytest.approx(change, abs=1e-5)


def test_the_median_frame_leaves_the_portraits_head_where_it_is(animator, driving):
    full, _ = performed(animator, driving, AnimateOptions())
    rigid = np.median(full[:, RIGID], axis=0)
    assert rigid == pytest.approx(rest(animator)[RIGID], abs=1e-5)


def test_each_shot_of_a_clip_leaves_the_portraits_head_where_it_is(animator, driving):
    """The second shot shows another person elsewhere, upside down."""
    other = [frame[::-1].copy() for frame in driving]
    full, _ = performed(animator, driving + other, AnimateOptions())
    for shot in (full[:4], full[4:]):
        assert np.median(shot[:, RIGID], axis=0) == pytest.approx(rest(animator)[RIGID], abs=1e-5)


def test_frames_without_a_face_hold_the_last_motion_and_before_it_the_portraits_rest(
    animator, driving
):
    no_face = DrivingFrame(driving[0], face=False)
    full, _ = performed(animator, [no_face, *driving, no_face], AnimateOptions())
    assert full[0] == pytest.approx(rest(animator))
    assert full[-1] == pytest.approx(full[-2])


@pytest.mark.parametrize("rectify", RECTIFY)
def test_a_driver_that_holds_an_extreme_pose_leaves_the_portrait_at_rest(
    animator, driving, rectify
):
    """A pose that it holds all the time is its neutral pose."""
    full, _ = performed(animator, [driving[0]] * 3, AnimateOptions(rectify=rectify))
    assert full[:, RIGID] == pytest.approx(np.stack([rest(animator)[RIGID]] * 3), abs=1e-5)


def test_a_still_driver_keeps_its_pose_and_takes_the_portraits_place(animator, driving):
    """Nothing moves in a single picture: all that it can give is its pose."""
    still, _ = performed(animator, driving[:1], AnimateOptions())
    placed, _ = performed(animator, driving[:1], AnimateOptions(pose="position"))
    assert still == pytest.approx(placed)
    assert still[0].mean(0) == pytest.approx(rest(animator).mean(0), abs=1e-5)


def test_a_stream_takes_its_first_frames_as_neutral(animator, driving):
    """Without a second reading: the first frame leaves the portrait's head at rest."""
    options, clip = AnimateOptions(), ClipReference(fps=1)
    made = animator.animate(iter(driving[:2]), options=options, clip=clip)
    first, second = (frame.keypoints for frame in made)
    assert first[RIGID] == pytest.approx(rest(animator)[RIGID], abs=1e-6)
    assert np.abs(second - rest(animator))[RIGID].max() > 1e-3


def test_the_scale_of_the_start_stays(animator, driving):
    """With ``start``, the driver begins at the portrait's size and then may come nearer."""
    each = [frame.scale for frame in animator.animate(driving)]
    options = AnimateOptions(pose="driver", scale_window="start")
    clip = animator.reference(driving, options, fps=1)
    kept = [frame.scale for frame in animator.animate(driving, options=options, clip=clip)]
    assert kept == [pytest.approx(each[0], abs=1e-5)] * len(driving)
    streamed = animator.animate(driving, options=options, clip=ClipReference(fps=1))
    assert [frame.scale for frame in streamed] == kept
