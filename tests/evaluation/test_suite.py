"""The protocols beyond the first three: their pairs, conditions and results."""

import json

import numpy as np
import pytest

from ostnet.evaluation import evaluate_checkpoint
from ostnet.evaluation.data.clips import read_clips
from ostnet.evaluation.method_pictures import grid_turn, rotate
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols import PROTOCOLS
from ostnet.evaluation.protocols.sweeps import ROLLS, SWEEP, sweep_condition, yaw_condition
from ostnet.model.scale import FIDUCIALS

pytestmark = pytest.mark.usefixtures("known_faces")


def pairs_of(name, data, **options):
    config = EvaluateConfig(data=data, protocol=name, output=data / "out", **options)
    return PROTOCOLS[name].pairs(read_clips(data), config, PROTOCOLS[name].frames)


def test_the_sweep_stretches_both_axes_and_each_alone(data):
    pairs = pairs_of("scale-sweep", data)
    conditions = {sweep_condition(p.s_x, p.s_y) for p in pairs}
    assert len(conditions) == 3 * len(SWEEP) - 2
    assert {"both 1", "both 0.3", "x 2", "y 0.5"} <= conditions
    assert len(pairs) == 3 * len(conditions)  # three people
    assert [p.pair for p in pairs] == list(range(len(pairs)))
    assert sweep_condition(0.8, 1.2) == "x 0.8 y 1.2"  # only a list brings this


def test_rotation_bins_yaw_and_rolls_each_person(data):
    pairs = pairs_of("rotation", data)
    assert {p.roll for p in pairs} == {0.0, *ROLLS}
    assert [yaw_condition(yaw) for yaw in (-31.0, 3.0)] == ["yaw 30+", "yaw 0+"]
    assert yaw_condition(np.nan) == "yaw unknown"


def test_stability_takes_neighbours_at_one_scale(data):
    members = [p for p in pairs_of("stability", data) if p.person == "bob"]
    assert [p.frame for p in members] == list(range(1, 8))
    assert len({(p.s_x, p.s_y) for p in members}) == 1


def test_a_turn_is_clockwise_and_read_off_the_grid(face_picture):
    picture = face_picture(20, 20, at=(200, 128))  # right of the centre
    rows, columns = np.nonzero(rotate(picture, 90).mean(2) > 128)
    assert rows.mean() == pytest.approx(199, abs=2)  # below it now
    assert columns.mean() == pytest.approx(127, abs=2)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = (FIDUCIALS.numpy() * [0.8, 1.0]) @ turn.T + 0.1
    fiducials = FIDUCIALS.new_tensor(np.stack([turned, FIDUCIALS.numpy()]))
    assert grid_turn(fiducials).numpy() == pytest.approx([20, 0], abs=1e-6)


def test_framing_sweep_rotation_stability_and_efficiency_run(data, checkpoint, tmp_path):
    protocols = "framing,scale-sweep,rotation,stability,efficiency"
    methods = "full,closed_form,full_portrait"
    config = EvaluateConfig(
        data,
        protocols,
        tmp_path,
        checkpoint,
        pairs=1,
        frames=3,
        methods=methods,
    )
    evaluate_checkpoint.evaluate(config)
    rows = json.loads((tmp_path / "report.json").read_text())["rows"]
    found = {(r["protocol"], r.get("condition"), r["method"], r["metric"]): r for r in rows}
    shown = {
        (condition, method) for protocol, condition, method, _ in found if protocol == "framing"
    }
    assert shown == {("the driver's window", "full"), ("the source's window", "full_portrait")}
    assert 0 < found["framing", "the driver's window", "full", "l1_hidden"]["value"] < 1
    assert found["framing", "the source's window", "full_portrait", "centre_error"]["value"] >= 0
    error = found["scale-sweep", "both 0.5", "full", "module_scale_error_x_median"]
    assert error["value"] == pytest.approx(np.log(2), abs=1e-3)  # untrained: takes out nothing
    assert found["rotation", "roll 30", "full", "grid_turn"]["value"] == pytest.approx(0, abs=1e-2)
    for condition in ("without smoothing", "with --scale-smoothing"):
        assert found["stability", condition, "full", "scale_jitter_x"]["value"] < 1e-4
    slow = found["efficiency", None, "full", "ms_per_frame"]["value"]
    assert slow > found["efficiency", None, "neither", "ms_per_frame"]["value"] > 0
    assert found["efficiency", None, "full", "gmac_per_frame"]["value"] > 0
    for name in ("scale-sweep/ssim.svg", "rotation/roll.png", "stability/frames.csv"):
        assert (tmp_path / name).is_file(), name
    assert "both 0.5" in (tmp_path / "report.md").read_text()
