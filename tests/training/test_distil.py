"""Distillation: a cut network learns to paint as before, by its decoder alone."""

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
from ostnet.training.distil import DECODER, DistilStage
from ostnet.training.joint import Pair
from ostnet.training.parallel import Processes
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.stages import Context
from ostnet.training.trainer import train

WHOLE = replace(SMALL, **SPEAKING, motion_resolution=32, residual_blocks=2)
QUICK = replace(WHOLE, residual_blocks=1, first_tap="picture")


@pytest.fixture
def config(detail_config, tmp_path, monkeypatch) -> TrainConfig:
    monkeypatch.setitem(PRESETS, "tiny-quick", QUICK)
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


@pytest.mark.slow
def test_it_comes_nearer_to_its_teacher_by_its_decoder_alone(config):
    train(config)
    lines = Path(config.output, "log.csv").read_text().splitlines()
    header, *rows = (line.split(",") for line in lines)
    apart = [float(row[header.index("distilled")]) for row in rows]
    assert sum(apart[-10:]) < 0.9 * sum(apart[:10])

    learned, teacher = map(OSTNet.from_pretrained, (config.output, config.init))
    assert learned.config == QUICK
    before = {name: value for name, value in teacher.state_dict().items() if "residual" not in name}
    after = learned.state_dict()
    changed = {name for name, value in before.items() if (after[name] != value).any()}
    assert changed and {name.split(".")[0] for name in changed} == {"generator"}
    assert {name.split(".")[1] for name in changed} <= set(DECODER)


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
    learned = {name.split(".")[1] for name, p in model.named_parameters() if p.grad is not None}
    assert learned and learned <= set(DECODER)


def test_there_must_be_a_teacher(config):
    config.init = None
    with pytest.raises(InputError, match=r"init: not given.*losses\.distilled"):
        train(config)
