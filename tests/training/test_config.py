"""Settings of a training that make no sense are refused, in words, and the help tells the truth."""

import pytest

from ostnet.errors import InputError
from ostnet.training.__main__ import parse
from ostnet.training.config import TrainConfig
from ostnet.training.parallel import Processes
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
        ({"workers": 0}, "workers: found 0, expected at least 1"),
        ({"max_frames_per_clip": 1}, "max_frames_per_clip: found 1, expected at least 2"),
        ({"seed": -1}, "seed: found -1, expected at least 0"),
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


def test_the_help_shows_what_the_usual_recipe_does(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        parse(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert any("--loss-pixel" in line and "(default: 50.0)" in line for line in lines)
    assert not any("default: )" in line or "None" in line for line in lines)


def test_people_are_left_out_of_training_and_not_of_validation(rendered_folder, tmp_path):
    flags = f"--data {rendered_folder} --output {tmp_path} --resolution 64 --device cpu"
    config = parse([*flags.split(), "--cache", str(tmp_path), "--leave-out", "p0,p2"])
    training = open_training(config, Processes("cpu"), updates=0)
    training.wait()
    assert [clip.identity for clip in training.clips] == ["p1"]
    validation = open_validation(config, training.device)
    assert [clip.identity for clip in validation.clips] == ["p3"]
