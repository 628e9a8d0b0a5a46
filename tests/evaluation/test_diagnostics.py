"""embedding, probe, keypoints and rectification through ``evaluate``: rows, files, resuming."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ostnet.evaluation import plots, run
from ostnet.evaluation.config import EvaluateConfig
from ostnet.evaluation.shard import Shard

PROTOCOLS = "embedding,probe,keypoints,rectification"


@pytest.fixture(autouse=True)
def few_changes_and_known_faces(monkeypatch, reader):
    monkeypatch.setattr(run, "make_landmarker", lambda *options: reader.landmarker)
    monkeypatch.setattr(run, "make_embedder", lambda *options: reader.embedder)
    for module in ("keypoints", "rectification"):
        few = ((0.7, 0.7), (1.0, 1.0), (1.0, 1.3))
        monkeypatch.setattr(f"ostnet.evaluation.{module}.STRETCHES", few)


@pytest.fixture(autouse=True)
def one_drawing_of_each_kind(monkeypatch):
    """Most plots are made and not rendered: that takes longer than all measurements."""
    save = plots.save

    def save_some(figure, path):
        if path.name in ("levels", "levels_relative", "yaw", "change"):
            save(figure, path)
        else:
            plots.plt.close(figure)

    monkeypatch.setattr(plots, "save", save_some)


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("diagnostics")


@pytest.fixture
def first_run(data, checkpoint, report_folder):
    """A finished report, made by whichever test comes first."""
    if not (report_folder / "report.json").is_file():
        run.evaluate(config(data, checkpoint, report_folder))
    return report_folder


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


def rows_of(folder, protocol):
    rows = json.loads((folder / "report.json").read_text())["rows"]
    return [row for row in rows if row["protocol"] == protocol]


def test_finished_groups_are_not_measured_again(data, checkpoint, first_run, tmp_path, monkeypatch):
    folder = tmp_path / "resumed"
    shutil.copytree(first_run / "probe", folder / "probe")
    lost = folder / "probe" / "groups" / "0001.csv"
    lost.unlink()
    measured, probe = [], run.SUITE["probe"]

    def counted(bench, pairs):
        measured.append(pairs)
        return probe.measure(bench, pairs)

    monkeypatch.setitem(run.SUITE, "probe", replace(probe, measure=counted))
    rows = run.evaluate(config(data, checkpoint, folder, "probe"))
    assert len(measured) == 1 and lost.is_file()
    assert rows == rows_of(first_run, "probe")


def test_two_processes_give_the_rows_of_one(data, checkpoint, first_run, tmp_path, monkeypatch):
    barrier, mine = threading.Barrier(2), threading.local()

    class Half(Shard):
        def wait(self):
            barrier.wait(timeout=60)

    def work(rank):
        mine.shard = Half(rank, 2)
        return run.evaluate(config(data, checkpoint, tmp_path, "probe"))

    monkeypatch.setattr(run, "this_process", lambda: mine.shard)
    with ThreadPoolExecutor(2) as pool:
        rows, others = pool.map(work, range(2))
    assert others == []
    assert rows == rows_of(first_run, "probe")
