"""``ostnet benchmark``: the cost of a frame, without data."""

import json

import torch
from small_models import lively

from ostnet.backends import usable
from ostnet.cli import main
from ostnet.evaluation.frame_benchmark import BenchmarkConfig, benchmark, table


def test_figures_add_up_and_are_printed(tmp_path, capsys):
    model = lively()
    model.save_pretrained(tmp_path / "weights")
    file = tmp_path / "figures.json"
    flags = ["--checkpoint", tmp_path / "weights", "--repeats", 3, "--output", file]
    assert main(["benchmark", "--device", "cpu", *map(str, flags)]) == 0

    found = json.loads(file.read_text())
    assert found["parameters"] == sum(weight.numel() for weight in model.parameters())
    assert set(found["frame_ms"]) == set(usable(torch.device("cpu")))
    assert found["stages"]["keypoints"]["gmac"] == found["stages"]["keypoints_again"]["gmac"] > 0
    assert all(ms > 0 for times in found["frame_ms"].values() for ms in times.values())
    assert table(found) in capsys.readouterr().out


def test_the_cost_of_the_scale_transformation_is_seen(tmp_path):
    """Its spline and the second pass of the detector are counted, the generator's work is not."""
    lively().save_pretrained(tmp_path)
    stages = benchmark(BenchmarkConfig(str(tmp_path), "cpu", repeats=1))["stages"]
    module = sum(stages[name]["gmac"] for name in ("align", "rectify", "keypoints_again"))
    assert 0 < module < stages["keypoints"]["gmac"] + stages["generator"]["gmac"]


def test_no_frames_cannot_be_timed(capsys):
    assert main(["benchmark", "--repeats", "0"]) == 2
    assert "repeats: found 0" in capsys.readouterr().err


def test_threads_must_be_a_number(capsys):
    assert main(["benchmark", "--threads", "many"]) == 2
    assert "threads" in capsys.readouterr().err
