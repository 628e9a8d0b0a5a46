"""Flags and recipes of a training."""

from dataclasses import replace

import pytest

from ostnet.errors import InputError
from ostnet.training.__main__ import parse
from ostnet.training.checkpoint import initial_network
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.parallel import Processes
from ostnet.training.recipes import RECIPES, describe, recipe
from ostnet.training.sources import open_training, open_validation


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"preset": "huge"}, "preset: found 'huge', expected lite, base, paper"),
        ({"without": "motion"}, "without: found 'motion', expected some of transform"),
        ({"schedule": "linear"}, "schedule: found 'linear', expected step, cosine, constant"),
        ({"scale_map": "rigid"}, "scale_map: found 'rigid', expected tps, affine"),
        ({"resolution": 0}, "resolution: found 0, expected a multiple of 32"),
        ({"scale_low": 1.5}, "scale_low, scale_high: found 1.5 and 1.3, expected 0 < low <= high"),
        ({"wide_low": 0.0}, "wide_low, wide_high: found 0.0 and 1.6"),
        ({"batch": -1}, "batch: found -1, expected at least 1"),
        ({"max_frames_per_clip": 1}, "max_frames_per_clip: found 1, expected at least 2"),
        ({"learning_rate": float("nan")}, "learning_rate: found nan, expected at least 0"),
        ({"ema": 1.5}, "ema: found 1.5, expected 0 to 1"),
    ],
)
def test_refused(setting, message):
    with pytest.raises(InputError, match=f"^{message}"):
        TrainConfig(**setting)


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(InputError, match="^output: .*run' is a file; give a folder"):
        TrainConfig(output=str(tmp_path / "run"))


def test_flags_become_the_configuration():
    config = parse(
        "--data d --output o --minutes 2.5 --loss-pixel 3 --max-frames-per-clip 9".split()
    )
    assert (config.minutes, config.losses.pixel, config.max_frames_per_clip) == (2.5, 3.0, 9)
    assert config.losses.fiducial > 0  # the default recipe is the warm start
    pure = parse("--data d --output o --recipe paper".split())
    assert pure.losses == LossWeights() and pure.keypoint_steps == 0
    large = parse("--data d --output o --recipe speaking-gpu --batch 64 --no-compile".split())
    assert (large.grow, large.resolution, large.batch) == ("lite-speaking", 256, 64)
    with pytest.raises(InputError, match="recipe: found 'cold'; expected one of warm-start, paper"):
        parse("--data d --output o --recipe cold".split())


def test_the_help_shows_what_the_usual_recipe_does(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        parse(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert any("--loss-pixel" in line and "(default: 50.0)" in line for line in lines)
    assert not any("default: )" in line or "None" in line for line in lines)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_documented_and_makes_a_network(name, tiny_preset):
    config = TrainConfig(recipe=name, **recipe(name).values)
    assert f"{name}\n" in describe() and recipe(name).purpose.endswith((".", "?"))
    network = initial_network(replace(config, preset=tiny_preset, grow="")).config
    assert network.with_scale_transform == ("transform" not in config.removed)
    assert network.scale_map == ("affine" if name == "affine" else "tps")


def test_an_ablation_changes_one_thing_of_the_recipe_it_is_compared_with():
    base = recipe("warm-start").values
    assert recipe("no-embedding").values == {**base, "without": "embedding"}
    losses = recipe("no-rectified-loss").values["losses"]
    assert replace(losses, rectified=base["losses"].rectified) == base["losses"]
    plain, augmented = (recipe(name).values for name in ("backbone", "backbone-augmented"))
    differing = {key for key in {**plain, **augmented} if plain.get(key) != augmented.get(key)}
    assert differing == {"scale_low", "scale_high", "wide_share"}


def test_people_are_left_out_of_training_and_not_of_validation(rendered_folder, tmp_path):
    flags = f"--data {rendered_folder} --output {tmp_path} --resolution 64 --device cpu"
    config = parse([*flags.split(), "--cache", str(tmp_path), "--leave-out", "p0,p2"])
    training = open_training(config, Processes("cpu"), updates=0)
    training.wait()
    assert [clip.identity for clip in training.clips] == ["p1"]
    validation = open_validation(config, training.device)
    assert [clip.identity for clip in validation.clips] == ["p3"]
