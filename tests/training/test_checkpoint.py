"""Where a run's network comes from."""

from dataclasses import replace

import pytest
import torch
from small_models import SMALL, lively

from ostnet.config import PRESETS, SPEAKING
from ostnet.errors import InputError
from ostnet.training.checkpoint import initial_network
from ostnet.training.config import LossWeights, TrainConfig


def test_an_ablation_can_start_from_a_whole_checkpoint(tmp_path):
    whole = lively()
    whole.save_pretrained(tmp_path)

    ablation = initial_network(TrainConfig(init=str(tmp_path), without="embedding"))

    assert ablation.config.with_scale_transform and not ablation.config.with_scale_embedding
    assert not [name for name in ablation.state_dict() if "embed" in name]
    kept = ablation.generator.merge[0][0].weight
    torch.testing.assert_close(kept, whole.generator.merge[0][0].weight.half().float())


def test_a_part_that_a_checkpoint_lacks_stays_absent(tmp_path):
    lively().save_pretrained(tmp_path / "whole")
    start = initial_network(TrainConfig(init=str(tmp_path / "whole"), without="transform"))
    start.save_pretrained(tmp_path / "ablation")
    again = initial_network(TrainConfig(init=str(tmp_path / "ablation")))
    assert not again.config.with_scale_transform


def test_a_checkpoint_that_is_not_there_is_an_error_of_init(tmp_path):
    with pytest.raises(InputError, match="^init: no folder '.*missing'; give a folder with config"):
        initial_network(TrainConfig(init=str(tmp_path / "missing")))


def test_gains_are_1_where_motion_learns_and_stay_where_it_does_not(tmp_path):
    lively(replace(SMALL, **SPEAKING, mouth_gain=1.3)).save_pretrained(tmp_path)

    def gain(**values) -> float:
        return initial_network(TrainConfig(init=str(tmp_path), **values)).config.mouth_gain

    assert gain() == 1.0
    assert gain(steps=0) == gain(losses=LossWeights(distilled=1.0)) == 1.3


def test_gains_are_the_teachers_where_motion_is_distilled(tmp_path):
    for name, gain in (("teacher", 1.3), ("pruned", 1.9)):
        lively(replace(SMALL, **SPEAKING, mouth_gain=gain)).save_pretrained(tmp_path / name)
    losses = LossWeights(distilled=1.0, motion=1.0)
    config = TrainConfig(init=str(tmp_path / "pruned"), losses=losses)
    assert initial_network(config).config.mouth_gain == 1.9  # it is its own teacher
    config = replace(config, teacher=str(tmp_path / "teacher"))
    assert initial_network(config).config.mouth_gain == 1.3


def test_a_cut_network_stays_cut_and_grows_its_blocks_only_with_its_widths(tmp_path, monkeypatch):
    quick = replace(SMALL, **SPEAKING, first_tap="picture")
    whole = replace(quick, first_tap="features", residual_blocks=3)
    monkeypatch.setitem(PRESETS, "whole", whole)
    monkeypatch.setitem(PRESETS, "wide", replace(whole, widths=(12, 16, 24)))
    lively(quick).save_pretrained(tmp_path)

    same, wide = (
        initial_network(TrainConfig(init=str(tmp_path), grow=g)) for g in ("whole", "wide")
    )

    assert same.config == quick
    assert wide.config == replace(quick, widths=(12, 16, 24), residual_blocks=3)
