"""Every named recipe is a valid configuration and does what its name says."""

from dataclasses import replace

import pytest

from ostnet.training.config import TrainConfig
from ostnet.training.network import initial_network
from ostnet.training.recipes import RECIPES, describe, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_documented_and_makes_a_network(name, tiny_preset):
    config = TrainConfig(recipe=name, **recipe(name).values)
    assert f"{name}\n" in describe() and recipe(name).purpose.endswith((".", "?"))
    network = initial_network(replace(config, preset=tiny_preset, grow="")).config
    assert network.with_scale_transform == ("transform" not in config.removed)
    assert network.scale_map == ("affine" if name == "affine" else "tps")


def test_an_ablation_differs_from_the_recipe_it_is_compared_with_in_its_subject_alone():
    base = recipe("warm-start").values
    assert recipe("no-embedding").values == {**base, "without": "embedding"}
    assert recipe("decoder-only-embedding").values == {**base, "without": "encoder-embedding"}
    losses = recipe("no-rectified-loss").values["losses"]
    assert replace(losses, rectified=base["losses"].rectified) == base["losses"]
    plain, augmented = (recipe(name).values for name in ("backbone", "backbone-augmented"))
    differing = {key for key in plain if plain[key] != augmented[key]}
    assert differing == {"scale_low", "scale_high", "wide_share"}
