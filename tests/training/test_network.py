"""Where a run's network comes from."""

import pytest
import torch
from small_models import lively

from ostnet.errors import InputError
from ostnet.training.config import TrainConfig
from ostnet.training.network import initial_network


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
