"""Distillation: a pruned network learns to generate what its teacher does."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import SMALL, lively, smooth

from ostnet.config import PRESETS, SPEAKING
from ostnet.errors import InputError
from ostnet.landmarks import POINTS
from ostnet.model.layers import identity_grid
from ostnet.model.motion import Motion
from ostnet.model.ostnet import OSTNet
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.distil import DECODER, DistilStage, motion_distance
from ostnet.training.joint import Pair
from ostnet.training.parallel import Processes
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.stages import Context
from ostnet.training.trainer import train

WHOLE = replace(SMALL, **SPEAKING, motion_resolution=32, residual_blocks=2)
QUICK = replace(WHOLE, residual_blocks=1, first_tap="picture", merge="add")
MICRO = replace(QUICK, widths=(4, 6, 8), warped_hints=4, refinement_width=8)


@pytest.fixture
def config(detail_config, tmp_path, monkeypatch) -> TrainConfig:
    monkeypatch.setitem(PRESETS, "tiny-quick", QUICK)
    monkeypatch.setitem(PRESETS, "tiny-micro", MICRO)
    lively(WHOLE).save_pretrained(tmp_path / "known")
    return replace(
        detail_config,
        grow="tiny-quick",
        losses=LossWeights(perceptual=0.1, distilled=1),
        steps=40,
        learning_rate=2e-3,
        schedule="constant",
        ema=0.5,
        log_seconds=0,
    )


def losses_of(config: TrainConfig, name: str) -> list[float]:
    """One loss in each step of a run."""
    header, *rows = (
        line.split(",") for line in Path(config.output, "log.csv").read_text().splitlines()
    )
    return [float(row[header.index(name)]) for row in rows]


def changed_parts(config: TrainConfig) -> set[str]:
    """The layers, by their names, whose weights are not the teacher's."""
    learned, teacher = (OSTNet.from_pretrained(one) for one in (config.output, config.init))
    before, after = teacher.state_dict(), learned.state_dict()
    same = before.keys() & after.keys()
    return {n for n in same if before[n].shape != after[n].shape or (before[n] != after[n]).any()}


@pytest.mark.slow
def test_it_comes_nearer_to_its_teacher_by_its_decoder_alone(config):
    train(config)
    apart = losses_of(config, "distilled")
    assert sum(apart[-10:]) < 0.9 * sum(apart[:10])
    assert OSTNet.from_pretrained(config.output).config == QUICK
    changed = {name for name in changed_parts(config) if "residual" not in name}
    assert changed and {name.split(".")[0] for name in changed} == {"generator"}
    assert {name.split(".")[1] for name in changed} <= set(DECODER)


@pytest.mark.slow
def test_a_narrower_network_learns_motion_and_generator_and_keeps_keypoints_and_scale(config):
    losses = replace(config.losses, motion=10.0)
    train(replace(config, grow="tiny-micro", losses=losses))
    for name in ("distilled", "motion"):
        apart = losses_of(config, name)
        assert sum(apart[-10:]) < 0.9 * sum(apart[:10])
    assert OSTNet.from_pretrained(config.output).config == MICRO
    assert {name.split(".")[0] for name in changed_parts(config)} == {"generator", "motion"}


def test_a_run_goes_on_from_the_weights_of_another_one(config, tmp_path):
    """The norms of a network that is narrow already stay as they are."""
    lively(MICRO).save_pretrained(tmp_path / "narrow")
    narrow = str(tmp_path / "narrow")
    config = replace(config, init=narrow, teacher=config.init, grow="", steps=1)
    train(config)
    before, after = (OSTNet.from_pretrained(one).state_dict() for one in (narrow, config.output))
    known = {name for name in before if name.endswith(("running_mean", "running_var"))}
    assert all((before[name] == after[name]).all() for name in known)
    assert any((before[name] != after[name]).any() for name in before.keys() - known)


def test_a_teacher_may_open_mouth_and_eyes_further(config, tmp_path):
    """Its own weights move a network as far as itself, but not as far as with larger gains."""
    losses = LossWeights(perceptual=0.1, distilled=1, motion=1)
    config = replace(config, teacher=config.init, grow="", steps=1, losses=losses)
    apart = {}
    for gain in ("", "teacher_mouth_gain", "teacher_eyelid_gain"):
        gains, output = {gain: 2.0} if gain else {}, str(tmp_path / f"run {gain}")
        train(replace(config, output=output, **gains))
        apart[gain] = losses_of(replace(config, output=output), "motion")[0]
    assert apart[""] < 1e-6
    assert min(apart["teacher_mouth_gain"], apart["teacher_eyelid_gain"]) > 1e-4


def test_outside_the_source_it_learns_from_the_target(config, random_features):
    """One pair, of which half is not in the source, many times."""
    model = lively(replace(QUICK, outside="painted"))
    flow = identity_grid(32, 32).expand(2, -1, -1, -1) + torch.tensor([1.0, 0.0])
    config.losses = LossWeights(perceptual=0.1, distilled=1, uncovered=30)
    perceptual = PerceptualLoss("auto", str(random_features))
    stage = DistilStage(Context(config, model, None, perceptual, Processes("cpu")))
    stage.setup()
    stage.teacher = lively(QUICK).requires_grad_(False)
    stage.teacher.move = lambda *_: Motion(flow, torch.ones(2, 1, 32, 32))
    pictures, points = smooth(4, seed=0), torch.zeros(2, POINTS, 2)
    rows = torch.tensor([True, False])
    pair = Pair(
        pictures[:2], pictures[2:], pictures[2:], torch.ones(2, 2), ~rows, points, points, rows
    )
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 5e-3)
    apart = []
    for _ in range(30):
        generator = torch.Generator().manual_seed(0)
        prediction = stage.predict(pair, generator, whole=False)
        total, terms = stage.loss(prediction, generator)
        adam.zero_grad()
        total.backward()
        adam.step()
        apart.append(float(terms["uncovered"].detach()))
    assert 0 < apart[-1] < 0.9 * apart[0]
    learned = {name for name, p in model.named_parameters() if p.grad is not None}
    parts = tuple(f"generator.{part}." for part in DECODER)
    assert learned and all(name.startswith(parts) for name in learned)


def test_the_motion_of_the_mouth_weighs_more_than_that_of_the_hair():
    taught = Motion(identity_grid(8, 8)[None], torch.ones(1, 1, 8, 8))
    weights = torch.ones(1, 1, 8, 8)
    weights[..., 6, 4] = 5.0  # the mouth

    def apart(row: int) -> float:
        flow = taught.flow.clone()
        flow[:, row, 4] += 0.1
        return float(motion_distance(Motion(flow, taught.occlusion), taught, weights))

    assert apart(6) == pytest.approx(5 * apart(1))


def test_there_must_be_a_teacher(config):
    config.init = None
    with pytest.raises(InputError, match=r"init: not given.*losses\.distilled"):
        train(config)
