"""``ostnet calibrate``: ranges of weights, from the clips of a data set."""

import shutil
from pathlib import Path

import pytest

from ostnet import OSTNet
from ostnet.backends.reduced_precision import with_int8
from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.evaluation.calibration import CalibrateConfig, calibrate
from ostnet.evaluation.data.clips import read_clips
from ostnet.model.ranges import NAME


@pytest.fixture
def weights(checkpoint, tmp_path) -> Path:
    return shutil.copytree(checkpoint, tmp_path / "weights")


def test_weights_get_ranges_that_they_can_be_computed_with(data, weights, capsys):
    flags = ["--data", str(data), "--checkpoint", str(weights), "--split", "val", "--frames", "2"]
    assert main(["calibrate", *flags]) == 0
    assert f"wrote {weights / NAME}" in capsys.readouterr().out
    model = OSTNet.from_pretrained(str(weights))
    # two frames of each person's own clip, one of another's
    assert model.ranges.seen == "9 pairs of 3 people, split val, seed 0"
    with_int8(model)


def test_the_same_seed_draws_the_same_people(data, weights):
    def drawn(seed: int) -> str:
        return calibrate(CalibrateConfig(data, weights, "val", 1, 1, seed)).read_text()

    assert drawn(0) == drawn(0) != drawn(1)


def test_people_can_be_left_out(data, weights):
    everyone = [clip.person for clip in read_clips(data)]
    one = everyone[0]
    calibrate(CalibrateConfig(data, weights, "val", frames=1, leave_out=(one,)))
    seen = OSTNet.from_pretrained(str(weights)).ranges.seen
    assert f"of {len(set(everyone)) - 1} people" in seen
    with pytest.raises(InputError, match="^leave_out: nobody not found among"):
        calibrate(CalibrateConfig(data, weights, "val", leave_out=("nobody",)))


def test_people_and_clips_must_be_there(data, weights):
    with pytest.raises(InputError, match="people: found 0, expected 1 or more"):
        CalibrateConfig(data, weights, people=0)
    with pytest.raises(InputError, match="lists no clip of split 'test'"):
        calibrate(CalibrateConfig(data, weights, "test"))
