"""Expression gains: lips, lids and irises that move further than detected."""

from dataclasses import replace

import pytest
import torch

from ostnet.config import PRESETS, WITH_LIDS, ModelConfig
from ostnet.landmarks import KEYPOINT_GAPS, KEYPOINTS
from ostnet.model.expression_gain import EYES, MOUTH, amplify_expression

LIDS, LIPS = KEYPOINT_GAPS[:2], KEYPOINT_GAPS[2]


def face(lips: float, lids: float) -> torch.Tensor:
    """Keypoints (1, 30, 2) all over the picture, with these gaps of inner lips and lids."""
    points = torch.rand(1, len(KEYPOINTS), 2, generator=torch.Generator().manual_seed(0))
    for (upper, lower), gap in ((LIPS, lips), *((one, lids) for one in LIDS)):
        points[:, lower] = points[:, upper] + torch.tensor([0.0, gap])
    return points


def gap(points: torch.Tensor, between: tuple[int, int]) -> float:
    upper, lower = between
    return float((points[0, lower] - points[0, upper]).norm())


def test_a_change_of_the_mouth_is_amplified_and_nothing_else_moves():
    source, driving = face(lips=0.05, lids=0.04), face(lips=0.15, lids=0.04)
    moved = amplify_expression(source, driving, mouth=1.5, eyes=1)
    assert gap(moved, LIPS) == pytest.approx(0.15 + 0.5 * 0.10, abs=1e-5)
    lips = {list(KEYPOINTS).index(name) for part in MOUTH for name in part.upper + part.lower}
    still = [index for index in range(len(KEYPOINTS)) if index not in lips]
    assert torch.equal(moved[:, still], driving[:, still])


def test_eyes_that_close_are_closed_and_never_turned_inside_out():
    source, driving = face(lips=0.05, lids=0.06), face(lips=0.05, lids=0.02)
    moved = amplify_expression(source, driving, mouth=1, eyes=3)
    assert all(gap(moved, lids) == pytest.approx(0, abs=1e-5) for lids in LIDS)


def test_a_driver_that_is_the_source_changes_nothing():
    assert torch.allclose(
        amplify_expression(face(0.1, 0.05), face(0.1, 0.05), 2, 2), face(0.1, 0.05)
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_eyes_that_look_aside_look_further_aside_and_nothing_else_moves(side):
    source, driving = face(lips=0.05, lids=0.04), face(lips=0.05, lids=0.04)
    iris, outer, inner = (
        list(KEYPOINTS).index(f"{part}_{side}") for part in ("iris", "eye_outer", "eye_inner")
    )
    step = 0.1 * (driving[:, outer] - driving[:, inner])  # a tenth of the eye's width
    up = 0.02 * torch.stack([-step[:, 1], step[:, 0]], dim=-1) / step.norm()
    driving[:, iris] += step + up
    moved = amplify_expression(source, driving, mouth=1, eyes=1, gaze=3)
    assert torch.allclose(moved[:, iris] - source[:, iris], 3 * step + up, atol=1e-5)
    others = [index for index in range(len(KEYPOINTS)) if index != iris]
    assert torch.allclose(moved[:, others], driving[:, others], atol=1e-5)


def test_gains_need_keypoints_of_lips_and_lids():
    moved = {name for part in MOUTH + EYES for name in part.upper + part.lower}
    assert WITH_LIDS == 1 + max(list(KEYPOINTS).index(name) for name in moved)
    with pytest.raises(ValueError, match=f"expected {WITH_LIDS} or more"):
        ModelConfig(keypoints=15, mouth_gain=1.2)
    with pytest.raises(ValueError, match="mouth_gain: found 0.5, expected at least 1"):
        replace(PRESETS["lite-speaking"], mouth_gain=0.5)
