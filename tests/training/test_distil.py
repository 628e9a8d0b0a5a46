"""Distillation: a cut network learns to paint as before, by its decoder alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import SMALL, lively

from ostnet.config import PRESETS, SPEAKING
from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.distil import DECODER
from ostnet.training.loop import train
from ostnet.training.network import initial_network

WHOLE = replace(SMALL, **SPEAKING, motion_resolution=32, residual_blocks=2)
QUICK = replace(WHOLE, residual_blocks=1, first_tap="picture")


@pytest.fixture
def config(rendered_folder, random_features, tmp_path, monkeypatch) -> TrainConfig:
    monkeypatch.setitem(PRESETS, "tiny-quick", QUICK)
    lively(WHOLE).save_pretrained(tmp_path / "known")
    return TrainConfig(
        data=str(rendered_folder),
        output=str(tmp_path / "run"),
        init=str(tmp_path / "known"),
        grow="tiny-quick",
        window=32,
        losses=LossWeights(perceptual=0.1, distilled=1),
        keypoint_steps=0,
        scale_steps=0,
        detail_share=1.0,
        steps=40,
        detail_batch=4,
        whole_every=2,
        learning_rate=2e-3,
        schedule="constant",
        ema=0.5,
        resolution=64,
        perceptual_weights=str(random_features),
        cache=str(tmp_path / "cache"),
        log_seconds=0,
        threads=1,
        val_minutes=0,
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


@pytest.mark.slow
def test_outside_the_source_it_learns_from_the_target(config):
    config.grow, config.outside, config.reframed_share = "", "painted", 1.0
    config.losses = LossWeights(perceptual=0.1, distilled=1, uncovered=30)
    config.init = str(Path(config.init).with_name("shifting"))
    shifting = lively(QUICK)
    torch.nn.init.constant_(shifting.motion.refinement.head.bias, 2.0)  # the flow ends outside
    shifting.save_pretrained(config.init)
    train(config)
    lines = Path(config.output, "log.csv").read_text().splitlines()
    header, *rows = (line.split(",") for line in lines)
    apart = [float(row[header.index("uncovered")]) for row in rows]
    assert 0 < sum(apart[-10:]) < 0.95 * sum(apart[:10])
    learned = OSTNet.from_pretrained(config.output)
    assert learned.config == replace(QUICK, outside="painted")
    before, after = OSTNet.from_pretrained(config.init).state_dict(), learned.state_dict()
    changed = {name for name, value in before.items() if (after[name] != value).any()}
    assert changed and {name.split(".")[1] for name in changed} <= set(DECODER)


def test_there_must_be_a_teacher(config):
    config.init = None
    with pytest.raises(InputError, match=r"init: not given.*losses\.distilled"):
        train(config)


@pytest.mark.parametrize("preset", ["tiny-quick", "tiny-speaking"])
def test_what_was_cut_stays_so_when_other_recipes_go_on(config, tmp_path, monkeypatch, preset):
    monkeypatch.setitem(PRESETS, "tiny-speaking", WHOLE)
    lively(QUICK).save_pretrained(tmp_path / "cut")
    config.init, config.grow = str(tmp_path / "cut"), preset
    assert initial_network(config).config == QUICK
