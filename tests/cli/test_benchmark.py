"""``ostnet benchmark``: the cost of a frame, without data."""

import json

import pytest
import torch
from small_models import calibrated_checkpoint, lively

from ostnet import OSTNet
from ostnet.backends import usable
from ostnet.cli import main
from ostnet.evaluation import benchmark as module
from ostnet.evaluation.benchmark import BenchmarkConfig, benchmark
from ostnet.evaluation.benchmark_table import table
from ostnet.evaluation.reference_speed import FirstOrderModel
from ostnet.evaluation.timing import CommandCost, command_cost


@pytest.fixture
def one_command(monkeypatch):
    """The first command is measured; its cost stands for all others, which take a minute."""
    costs: list[CommandCost] = []

    def cost(*arguments) -> CommandCost:
        costs[:] = costs or [command_cost(*arguments)]
        return costs[0]

    monkeypatch.setattr(module, "command_cost", cost)


@pytest.mark.usefixtures("one_command")
def test_figures_add_up_and_are_printed(tmp_path, capsys):
    model = OSTNet.from_pretrained(str(calibrated_checkpoint(tmp_path / "weights")))
    file = tmp_path / "figures.json"
    flags = ["--checkpoint", tmp_path / "weights", "--repeats", 2, "--frames", 2,
             "--output", file]  # fmt: skip
    assert main(["benchmark", "--device", "cpu", *map(str, flags)]) == 0

    result = json.loads(file.read_text())
    assert set(result["machine"]) == {"processor", "instruction_sets", "device", "torch"}
    (found,) = result["networks"]
    assert found["parameters"] == sum(weight.numel() for weight in model.parameters())
    assert set(found["frame_ms"]) == set(usable(torch.device("cpu"), model))
    assert found["stages"]["keypoints"]["gmac"] == found["stages"]["keypoints_again"]["gmac"] > 0
    assert all(ms > 0 for times in found["frame_ms"].values() for ms in times.values())
    for backend in found["backends"].values():
        assert backend["peak_gmac_s"] > 0 and backend["stages"].keys() == found["stages"].keys()
        assert all(0 <= stage["peak"] < 2 for stage in backend["stages"].values())
    for costs in found["commands"].values():
        assert set(costs) == set(found["frame_ms"])
        assert all(cost["start_s"] > 0 and 50 < cost["peak_mib"] < 900 for cost in costs.values())
    yardstick = found["first_order_model"]
    assert yardstick["gmac"] == pytest.approx(55, abs=0.5)
    assert set(yardstick["full_cpu_ms"]) == set(found["frame_ms"])
    assert all(0 < ms < yardstick["cpu_ms"] for ms in yardstick["full_cpu_ms"].values())
    printed = capsys.readouterr().out
    assert table(result) in printed and result["machine"]["processor"] in printed


def test_the_cost_of_the_scale_transformation_is_seen(tmp_path):
    """Its spline and the second pass of the detector are counted, the generator's work is not."""
    lively().save_pretrained(tmp_path)
    config = BenchmarkConfig((str(tmp_path),) * 2, "cpu", repeats=1, frames=0)
    found, again = benchmark(config)["networks"]
    assert again["gmac_per_frame"] == found["gmac_per_frame"]
    stages = found["stages"]
    module = sum(stages[name]["gmac"] for name in ("align", "rectify", "keypoints_again"))
    assert 0 < module < stages["keypoints"]["gmac"] + stages["generator"]["gmac"]
    by_points = found["gmac_per_frame"]["picture"] - module + stages["align"]["gmac"]
    assert found["gmac_per_frame"]["points"] == pytest.approx(by_points)


def test_the_reference_network_has_the_published_size():
    """59.8 million parameters: those of first-order-model's vox-256 without its discriminator."""
    with torch.device("meta"):
        network = FirstOrderModel()
    assert sum(weight.numel() for weight in network.parameters()) / 1e6 == pytest.approx(
        59.8, 0.002
    )


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--source", "me.jpg"], "source, driving: found only one of them"),
        (["--repeats", "0"], "repeats: found 0"),
        (["--threads", "many"], "threads"),
    ],
)
def test_wrong_flags_are_named(capsys, flags, error):
    assert main(["benchmark", *flags]) == 2
    assert error in capsys.readouterr().err
