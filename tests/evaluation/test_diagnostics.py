"""embedding, probe, keypoints and rectification through ``evaluate``: rows and files."""

import json

import pytest

from ostnet.evaluation import evaluate_checkpoint
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols import keypoint_checks, rectification
from ostnet.evaluation.report import plots

PROTOCOLS = "embedding,probe,keypoints,rectification"


@pytest.fixture(scope="module", autouse=True)
def few_changes_and_drawings(known_faces):
    """Most plots are made and not rendered: that takes longer than all measurements."""
    few, save = ((0.7, 0.7), (1.0, 1.0), (1.0, 1.3)), plots.save

    def save_some(figure, path):
        if path.name in ("levels", "levels_relative", "yaw", "change"):
            save(figure, path)
        else:
            plots.plt.close(figure)

    with pytest.MonkeyPatch.context() as patch:
        for module in (keypoint_checks, rectification):
            patch.setattr(module, "STRETCHES", few)
        patch.setattr(plots, "save", save_some)
        yield


@pytest.fixture(scope="module")
def first_run(data, checkpoint, few_changes_and_drawings, tmp_path_factory):
    """The output of one evaluation of all four."""
    folder = tmp_path_factory.mktemp("diagnostics")
    evaluate_checkpoint.evaluate(config(data, checkpoint, folder))
    return folder


def config(data, checkpoint, output, protocol=PROTOCOLS):
    return EvaluateConfig(data, protocol, output, checkpoint, frames=1)


def test_the_report_holds_all_four(first_run):
    rows = json.loads((first_run / "report.json").read_text())["rows"]
    found = {(r["protocol"], r.get("condition"), r["method"], r["metric"]): r for r in rows}
    change = found["embedding", None, "z_off_tap_1_2", "change"]
    assert change["value"] == 0  # untrained: z does nothing
    assert "run-time toggles of one network" in change["note"]
    assert "tap at 1/2" in change["method_definition"]
    followed = found["embedding", None, "full", "scale_followed_x"]
    assert followed["frames"] == 4 and "slope" in followed["definition"]
    assert found["probe", "input of the generator", "z", "r2_x"]["value"] < 1
    assert found["keypoints", "both 0.7", "landmarker", "equivariance"]["value"] < 2
    assert found["keypoints", "both 0.7", "F_kp", "accuracy"]["value"] is None
    oracle = found["rectification", "same frame both 0.7", "oracle", "ssim_visible"]
    assert oracle["value"] > 0.9
    text = (first_run / "report.md").read_text()
    assert "run-time toggles of one network" in text and "method `z_opposite`" in text


def test_plots_and_sheets_lie_beside_it(first_run):
    for name in (
        "embedding/change.svg", "embedding/sheet.png", "probe/levels.png",
        "probe/levels_relative.svg", "keypoints/yaw.png", "keypoints/sheet.png",
        "rectification/sheet.png",
    ):  # fmt: skip
        assert (first_run / name).stat().st_size > 0, name
