"""Control of the transfer: one region alone, and strengths of mouth, eyelids and head."""

from dataclasses import replace

import numpy as np
import pytest
from small_models import SMALL, lively

from ostnet import AnimateOptions, Animator, InputError
from ostnet.animation.control import REGION_PARTS, Strengths, controlled, strengths
from ostnet.landmarks import KEYPOINT_GAPS, KEYPOINTS

NAMES = list(KEYPOINTS)
PLACES = {
    "brow": (0.32, -0.45), "brow_inner": (0.12, -0.42), "iris": (0.22, -0.3),
    "eye_outer": (0.33, -0.3), "eye_inner": (0.12, -0.3), "lid_upper": (0.22, -0.33),
    "lid_lower": (0.22, -0.27), "mouth": (0.18, 0.3), "lip_bow": (0.05, 0.24), "jaw": (0.5, 0.3),
    "ear": (0.6, -0.25), "nose_bridge": (0, -0.25), "nose_tip": (0, 0.05), "nose_base": (0, 0.12),
    "lip_upper": (0, 0.25), "lip_inner_upper": (0, 0.28), "lip_inner_lower": (0, 0.32),
    "lip_lower": (0, 0.36), "chin": (0, 0.6),
}  # fmt: skip
"""A face that looks ahead; of a pair, the right one."""


def face() -> np.ndarray:
    """Keypoints (K, 2) of a face."""
    points = []
    for name in NAMES:
        x, y = PLACES[name.removesuffix("_left").removesuffix("_right")]
        points.append((-x if name.endswith("_left") else x, y))
    return np.array(points)


SOURCE = face()
MOUTH = [k for k, name in enumerate(NAMES) if name.startswith(("lip", "mouth", "chin"))]
LIDS = [k for k, name in enumerate(NAMES) if name.startswith("lid")]
IRISES = [k for k, name in enumerate(NAMES) if name.startswith("iris")]
BROWS = [k for k, name in enumerate(NAMES) if name.startswith("brow")]
HEAD = [k for k in range(30) if k not in [*MOUTH, *LIDS, *IRISES, *BROWS]]


def turned(points: np.ndarray, degrees: float = 20) -> np.ndarray:
    """A head that turns, comes nearer and moves to the right."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return 1.2 * points @ turn.T + np.array([0.3, -0.1])


def speaking(points: np.ndarray) -> np.ndarray:
    """The same face with mouth wide open, eyes half closed, gaze to the right, brows up."""
    points = points.copy()
    points[[NAMES.index(name) for name in ("lip_inner_lower", "lip_lower", "chin")]] += (0, 0.15)
    points[[NAMES.index(f"lid_upper_{side}") for side in ("left", "right")]] += (0, 0.03)
    points[IRISES] += (0.04, 0)
    points[BROWS] -= (0, 0.05)
    return points


PERFORMED = turned(speaking(SOURCE))


def moved(**options) -> np.ndarray:
    """What the portrait performs of a head that turns and speaks at once, (K, 2)."""
    strength = strengths(AnimateOptions(**options), 30)
    assert strength is not None
    return controlled(SOURCE, PERFORMED, strength)


def parts(**chosen) -> np.ndarray:
    """The face with those keypoints that speak."""
    points, spoken = SOURCE.copy(), speaking(SOURCE)
    for members in chosen.values():
        points[members] = spoken[members]
    return points


def test_without_control_nothing_is_computed():
    assert strengths(AnimateOptions(), 30) is None
    assert controlled(SOURCE, PERFORMED, Strengths()) == pytest.approx(PERFORMED)


def test_the_mouth_alone_speaks_while_the_head_stays():
    assert moved(only="mouth") == pytest.approx(parts(mouth=MOUTH))


def test_the_eyes_alone_are_lids_and_gaze():
    assert moved(only="eyes") == pytest.approx(parts(lids=LIDS, irises=IRISES))


def test_the_expression_is_all_but_the_head():
    assert moved(only="expression") == pytest.approx(speaking(SOURCE))


def test_the_head_alone_keeps_the_portraits_expression():
    assert moved(only="head") == pytest.approx(turned(SOURCE))


def test_strength_0_of_the_mouth_moves_the_portraits_own_mouth_with_the_head():
    own = turned(parts(lids=LIDS, irises=IRISES, brows=BROWS))
    assert moved(mouth=0) == pytest.approx(own)


def test_strengths_scale_movement():
    """Half as far: head point by point, mouth within the head."""
    assert moved(head=0.5)[HEAD] == pytest.approx((SOURCE + PERFORMED)[HEAD] / 2)
    upper, lower = KEYPOINT_GAPS[2]
    gaps = {
        factor: np.linalg.norm(np.diff(moved(mouth=factor, head=0)[[upper, lower]], axis=0))
        for factor in (0, 0.5, 1.5)
    }
    assert gaps == pytest.approx({0: 0.04, 0.5: 0.115, 1.5: 0.265})


def test_lids_that_close_further_than_shut_stay_shut():
    closing = SOURCE.copy()
    for upper, lower in KEYPOINT_GAPS[:2]:
        closing[upper] = closing[lower]
    shut = controlled(SOURCE, closing, Strengths(eyelids=1.5))
    for upper, lower in KEYPOINT_GAPS[:2]:
        assert shut[upper] == pytest.approx(shut[lower])


@pytest.mark.parametrize("options", [{"only": "mouth"}, {"head": 0.5}])
@pytest.mark.parametrize(
    ("other", "expected"),
    [({"pose": "driver"}, "pose: found 'driver', expected portrait with only, mouth"),
     ({"motion": "relative"}, "motion: found 'relative', expected absolute with only")],
)  # fmt: skip
def test_control_needs_the_portraits_own_pose(options, other, expected):
    with pytest.raises(InputError, match=f"^{expected}"):
        AnimateOptions(**options, **other)


def test_networks_without_lids_are_refused(driving, source):
    animator = Animator(lively(), "cpu", "torch")
    animator.set_source(source)
    with pytest.raises(InputError, match="found a network with 15 keypoints, expected 30"):
        animator.animate(driving, options=AnimateOptions(only="mouth"))


@pytest.fixture
def animator(source):
    animator = Animator(lively(replace(SMALL, keypoints=30)), "cpu", "torch")
    animator.set_source(source)
    return animator


@pytest.mark.parametrize("only", REGION_PARTS)
def test_all_variants_get_the_same_correction(animator, driving, only):
    """So they differ by the driver's size, as without control."""

    def difference(options):
        clip = animator.reference(driving, options)
        made = list(animator.variants(driving, ["full", "no_transform"], options, clip))
        return [one["full"].keypoints - one["no_transform"].keypoints for one in made]

    plain = difference(AnimateOptions())
    assert np.stack(difference(AnimateOptions(only=only))) == pytest.approx(
        np.stack(plain), abs=1e-5
    )


def test_the_portrait_stays_as_it_is_where_nothing_is_transferred(animator, driving):
    options = AnimateOptions(only="mouth", mouth=0)
    clip = animator.reference(driving, options)
    own = np.asarray(animator.source.keypoints)[0]
    for frame in animator.animate(driving, options=options, clip=clip):
        assert frame.keypoints == pytest.approx(own, abs=1e-5)
