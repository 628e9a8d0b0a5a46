"""The detail stage: lively pairs, windows at mouth and eyes, landmark flow, T_theta on points."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import SMALL

from ostnet.config import PRESETS, SPEAKING
from ostnet.landmarks import EYE_POINTS, KEYPOINTS, MOUTH, POINTS, keypoint_mirror, openings
from ostnet.model.generator import FULL, Window
from ostnet.model.layers import identity_grid
from ostnet.model.ostnet import OSTNet
from ostnet.training import cross_identity, losses
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.detail import (
    draw_window,
    flow_weights,
    head_turn,
    landmark_weights,
    performed_distance,
)
from ostnet.training.frame_store import FrameStore
from ostnet.training.pairs import liveliest
from ostnet.training.trainer import train


def face(mouth: float = 0.1, lids: float = 0.1) -> np.ndarray:
    """70 landmarks of a plain face with this much between its inner lips and its lids."""
    points = np.zeros((POINTS, 2))
    points[27], points[33] = (0, -0.3), (0, 0.1)
    points[list(MOUTH)] = (0, 0.4)
    for upper, lower in zip((61, 62, 63), (67, 66, 65), strict=True):
        points[upper, 1], points[lower, 1] = 0.4 - mouth / 2, 0.4 + mouth / 2
    for start, x in ((36, -0.5), (42, 0.2)):
        points[start], points[start + 3] = (x, -0.3), (x + 0.3, -0.3)
        for upper, lower in ((1, 5), (2, 4)):
            points[start + upper] = points[start + lower] = (x + 0.15, -0.3)
            points[start + upper, 1] -= lids / 2
            points[start + lower, 1] += lids / 2
    return points


def test_openings_say_how_far_mouth_and_eyes_are_open():
    assert openings(face(mouth=0.2, lids=0.09)) == pytest.approx([0.5, 0.3])
    assert openings(3 * face(mouth=0.2, lids=0.09) + 1) == pytest.approx([0.5, 0.3])
    assert np.isnan(openings(np.full((2, POINTS, 2), np.nan))).all()


def test_frames_that_are_kept_include_the_blink_and_the_open_mouth():
    clip = np.stack([face() for _ in range(40)])
    clip[17], clip[31] = face(lids=0.0), face(mouth=0.5)
    kept = liveliest(clip, 8)
    assert len(kept) == 8 and {0, 39, 17, 31} <= set(kept.tolist())
    unknown = liveliest(np.full((40, POINTS, 2), np.nan), 4)
    assert unknown.tolist() == [0, 13, 26, 39]


def test_lively_pairs_differ_more(rendered_folder, tmp_path, generator):
    def change(share: float) -> float:
        folders = {"data": str(rendered_folder), "cache": str(tmp_path)}
        store = FrameStore(TrainConfig(**folders, resolution=32, still_share=0, lively_share=share))
        store.wait()
        store.openings = torch.arange(2.0 * len(store.frames)).view(-1, 2)  # later: opener
        one, other = store.draw(400, generator)[0].split(400)
        return (store.openings[one] - store.openings[other]).abs().mean().item()

    assert change(1.0) > 1.5 * change(0.0)


def test_windows_lie_at_mouth_and_eyes(generator):
    points = torch.from_numpy(face()).float().expand(300, -1, -1)
    window = draw_window(points, 256, 12, generator)
    assert window.corner.min() >= 0 and window.corner.max() <= 32 - 12
    left, top = ((window.corner + 6) / 16 - 1).T  # centres in [-1, 1]
    mouth, eyes = points[0, list(MOUTH)].mean(0), points[0, list(EYE_POINTS)].mean(0)
    near = [((left - x).abs() < 0.3) & ((top - y).abs() < 0.3) for x, y in (mouth, eyes)]
    assert (near[0] | near[1]).float().mean() > 0.75
    nowhere = draw_window(points * torch.nan, 256, 12, generator)
    assert len(nowhere.corner.unique(dim=0)) > 30


def test_a_closeup_is_the_window_of_a_whole_picture(generator):
    picture = torch.rand(3, 3, 256, 256, generator=generator)
    window = Window(torch.tensor([[0, 0], [5, 9], [20, 20]]), side=12)
    assert torch.allclose(window.view(picture), window.cut(picture, FULL), atol=1e-4)


def test_landmark_flow_is_what_carries_each_landmark_to_the_source():
    grid = identity_grid(16, 16)[None]
    target = torch.from_numpy(face()).float()[None]
    source = target + torch.tensor([0.1, -0.05])
    weights = landmark_weights()
    right = losses.flow_distance(grid + torch.tensor([0.1, -0.05]), source, target, weights)
    still = losses.flow_distance(grid, source, target, weights)
    assert right < 1e-6 and still == pytest.approx(0.075)
    source[0, 50] = torch.nan
    assert losses.flow_distance(grid, source, target, weights) == pytest.approx(0.075)
    assert weights[62] == 4 * weights[30] > 10 * weights[8]


def test_gaps_are_vectors_between_keypoints():
    points = torch.zeros(1, 4, 2)
    moved = points.clone()
    moved[0, 1] += torch.tensor([0.2, 0.0])
    assert losses.gap_distance(moved, points, [(0, 1), (2, 3)]) == pytest.approx(0.05)
    assert losses.gap_distance(moved + 1, points, [(0, 1)]) == pytest.approx(0.1)


def test_pairs_across_people_have_the_ratio_of_their_sizes(rendered_folder, tmp_path, generator):
    store = FrameStore(TrainConfig(data=str(rendered_folder), resolution=64, cache=str(tmp_path)))
    store.wait()
    points = cross_identity.detect_points(OSTNet(SMALL).eval(), store, generator)
    points.size = torch.tensor([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]])
    alone = cross_identity.draw_pairs(points, 50, False, generator)
    across = cross_identity.draw_pairs(points, 50, True, generator)
    assert alone.scale.max() < 1.7 and alone.scale.min() > 0.4
    assert across.scale.max() > 2 and across.scale.min() < 0.4
    assert alone.source.shape == (50, SMALL.keypoints, 2)


def test_half_of_the_pairs_of_points_are_mirrored(generator):
    left = torch.linspace(-0.9, -0.1, 15).repeat_interleave(2)[:, None].expand(30, 2).clone()
    points = cross_identity.DetectedPoints(
        plain=left[None],
        scaled=left[None, None],
        scale=torch.ones(1, 1, 2),
        openings=torch.zeros(1, 2),
        first=torch.tensor([0]),
        count=torch.tensor([1]),
        size=torch.ones(1, 2),
        balance=torch.ones(1),
    )
    pairs = cross_identity.draw_pairs(points, 64, False, generator)
    flipped = pairs.source[:, 0, 0] > 0
    assert 16 < flipped.sum() < 48
    assert torch.equal(pairs.source[flipped][0, :, 0], -left[keypoint_mirror(30), 0])
    assert torch.equal(pairs.source[~flipped][0], left)
    assert torch.equal(pairs.driving, pairs.source)
    names = list(KEYPOINTS)
    assert names[keypoint_mirror(30)[names.index("lip_bow_left")]] == "lip_bow_right"


def test_a_grown_network_learns_in_all_stages(detail_config, tmp_path, monkeypatch):
    small = replace(SMALL, motion_resolution=32)
    monkeypatch.setitem(PRESETS, "tiny-speaking", replace(small, **SPEAKING))
    OSTNet(small).save_pretrained(tmp_path / "known")
    names = "perceptual people painted warped adversarial matching closeup".split()
    config = replace(
        detail_config,
        grow="tiny-speaking",
        losses=LossWeights(
            **dict.fromkeys(names, 1), pixel=10, region=2, gaps=0.5, flow=10, performed=10
        ),
        keypoint_steps=2,
        scale_steps=2,
        discriminator_width=8,
        steps=4,
        lively_share=0.5,
        save_minutes=0,
        val_minutes=1,
    )
    table = train(config)
    assert np.isfinite(table["L1 full different"])
    rows = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["keypoints", "scale", "detail"]
    last = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    assert 0 < float(last["closeup"])  # of a step that decodes the whole picture
    grown = OSTNet.from_pretrained(str(tmp_path / "run"))
    assert grown.config == PRESETS["tiny-speaking"]
    assert grown.motion.refinement.head.weight.abs().max() > 0


def test_finished_weights_may_learn_scale_alone(detail_config, tmp_path, monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny-scale", SMALL)
    OSTNet(SMALL).save_pretrained(tmp_path / "known")
    start = OSTNet.from_pretrained(str(tmp_path / "known"))
    losses = LossWeights(people=1)
    train(replace(detail_config, grow="tiny-scale", losses=losses, scale_steps=2, steps=0))
    learned = OSTNet.from_pretrained(str(tmp_path / "run")).state_dict()
    changed = {name for name, value in start.state_dict().items() if (learned[name] != value).any()}
    assert changed and all(name.startswith("scale.") for name in changed)


def test_a_turned_head_has_no_weight_in_the_landmark_flow():
    front = torch.from_numpy(face()).float()[None]
    front[:, 30, 0] = front[:, [36, 45], 0].mean()
    turned_head = front.clone()
    turned_head[:, 30, 0] += 0.5
    assert head_turn(front) == pytest.approx(0) and head_turn(turned_head) > 0.4
    assert torch.equal(flow_weights(front, front)[0], landmark_weights())
    assert flow_weights(front, turned_head).max() == 0


def test_the_distance_of_detected_keypoints_has_a_gradient(generator):
    model = OSTNet(SMALL).eval().requires_grad_(False)
    target = torch.rand(2, 3, 64, 64, generator=generator)
    window = Window(torch.tensor([[1, 2], [3, 0]]), side=4)
    result = window.cut(target, FULL)
    assert performed_distance(model, result, target, window, generator) < 1e-6
    result = (result + 0.3).requires_grad_()
    away = performed_distance(model, result, target, window, generator)
    away.backward()
    assert away > 1e-4 and result.grad.abs().max() > 0
    assert torch.equal(window.cut(window.paste(target, result, FULL), FULL), result)
