"""The whole of ``evaluate`` on a miniature data set, with landmarks that are known."""

import csv
import json
import shutil

import pytest

from ostnet.errors import InputError
from ostnet.evaluation import evaluate_checkpoint
from ostnet.evaluation.evaluate_checkpoint import evaluate
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols.reconstruction import SameScale
from ostnet.methods import METHODS

pytestmark = pytest.mark.usefixtures("known_faces")


FIRST_THREE = "same-scale,different-scale,cross-identity"


def config(data, checkpoint, output, **options):
    return EvaluateConfig(
        data=data,
        output=output,
        checkpoint=checkpoint,
        **{"protocol": FIRST_THREE, "pairs": 8} | options,
    )


@pytest.fixture(scope="module")
def first_run(data, checkpoint, known_faces, tmp_path_factory):
    """The output of one evaluation of all three."""
    folder = tmp_path_factory.mktemp("report")
    evaluate(config(data, checkpoint, folder))
    return folder


def rows_by(rows, *keys):
    return {tuple(row[key] for key in keys): row for row in rows}


def test_the_report_follows_its_schema(first_run):
    rows = json.loads((first_run / "report.json").read_text())["rows"]
    required = {"method", "protocol", "metric", "value", "definition", "dataset"}
    required |= {"backend", "frames", "failures"}
    assert all(required <= set(row) for row in rows)
    assert all(isinstance(row["frames"], int) for row in rows)
    assert {row["protocol"] for row in rows} == {"same-scale", "different-scale", "cross-identity"}
    assert {row["method"] for row in rows} == set(METHODS)
    assert all(row["value"] is not None or row["reason"] for row in rows)
    found = rows_by(rows, "protocol", "method", "metric")
    assert found["same-scale", "full", "l1"]["frames"] == 8
    assert found["same-scale", "full", "akd"]["backend"] == "box landmarker 1"
    assert found["same-scale", "backbone", "l1"]["value"] is None
    assert found["same-scale", "copy_source", "akd"]["failures"] == 0
    assert found["same-scale", "full_clip_scale", "akd"]["frames"] == 8
    assert found["same-scale", "full_start_scale", "akd"]["frames"] == 8
    for metric in ("akd_leaning", "akd_leaning_over_no_transform"):
        assert found["same-scale", "full_start_scale", metric]["frames"] == 8  # all clips grow
    assert ("different-scale", "full", "akd_leaning") not in found
    assert ("different-scale", "full_clip_scale", "akd") not in found  # a scale drawn per frame
    assert ("different-scale", "full_portrait", "akd") not in found  # the truth has another pose
    for method in ("full_position", "full_portrait"):
        assert found["cross-identity", method, "identity_distance_dlib"]["frames"] == 8
    for protocol in ("same-scale", "different-scale", "cross-identity"):
        for metric in ("mouth_slope", "mouth_correlation", "eyelid_slope", "eyelid_correlation"):
            assert found[protocol, "full", metric]["frames"] == 8
        for metric in ("gaze_x_slope", "gaze_y_correlation", "eyelid_error_down"):
            assert found[protocol, "full", metric]["backend"].endswith("contour: box landmarker 1")
        assert 0 <= found[protocol, "full", "no_face"]["value"] <= 1
    assert ("cross-identity", "copy_source", "nearer_source_dlib") in found
    copied = found["cross-identity", "copy_source", "identity_distance_dlib"]
    assert copied["value"] == pytest.approx(0, abs=1e-6)


def test_tables_plots_sheets_and_pair_lists_lie_beside_it(first_run):
    assert "## different-scale" in (first_run / "report.md").read_text()
    for protocol in ("same-scale", "different-scale", "cross-identity"):
        folder = first_run / protocol
        for name in ("pairs.csv", "frames.csv", "sheet.png", "scale_error.png", "scale_error.svg"):
            assert (folder / name).stat().st_size > 0, (protocol, name)
    with (first_run / "different-scale" / "pairs.csv").open() as file:
        assert all(0.7 <= float(row["s_x"]) <= 1.3 for row in csv.DictReader(file))


def test_an_interrupted_run_goes_on_and_ends_the_same(
    data, checkpoint, first_run, tmp_path, monkeypatch
):
    folder = tmp_path / "resumed"
    shutil.copytree(first_run, folder)
    (folder / "report.json").unlink()
    lost = folder / "same-scale" / "groups" / "0002.csv"
    lost.unlink()
    measured = []

    class Counted(SameScale):
        def measure(self, context, pairs):
            measured.append(pairs)
            return super().measure(context, pairs)

    monkeypatch.setitem(evaluate_checkpoint.PROTOCOLS, "same-scale", Counted())
    evaluate(config(data, checkpoint, folder, protocol="same-scale"))
    assert len(measured) == 1 and lost.is_file()
    again = (folder / "same-scale" / "frames.csv").read_text()
    assert again == (first_run / "same-scale" / "frames.csv").read_text()


def test_two_processes_give_the_report_of_one(
    data, checkpoint, first_run, tmp_path, in_two_processes
):
    rows, others = in_two_processes(
        lambda: evaluate(config(data, checkpoint, tmp_path, protocol="same-scale"))
    )
    assert others == []
    frames = "same-scale/frames.csv"
    assert (tmp_path / frames).read_text() == (first_run / frames).read_text()
    alone = json.loads((first_run / "report.json").read_text())["rows"]
    assert rows == [row for row in alone if row["protocol"] == "same-scale"]


def test_other_settings_are_measured_anew(data, checkpoint, tmp_path):
    one = {"protocol": "same-scale", "pairs": 4}
    evaluate(config(data, checkpoint, tmp_path, **one, methods="copy_source"))
    rows = evaluate(config(data, checkpoint, tmp_path, **one, methods="copy_source,neither"))
    assert {row["method"] for row in rows} == {"copy_source", "neither"}


def test_a_pair_list_replaces_the_draw(data, checkpoint, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        "source,driving,frame,s_x,s_y\nclips/a0.mp4,clips/a0.mp4,5,1.2,0.8\n", encoding="utf-8"
    )
    rows = evaluate(
        EvaluateConfig(data, "different-scale", tmp_path / "out", checkpoint, pair_list=path)
    )
    known = rows_by(rows, "method", "metric")
    assert known["full", "l1"]["frames"] == 1
    # an untrained module takes out no scale, so its error is the whole of the known one
    assert known["full", "module_scale_error_x_median"]["value"] == pytest.approx(0.1823, abs=1e-3)


def test_a_network_trained_apart_takes_its_row(data, checkpoint, tmp_path):
    rows = evaluate(
        config(
            data,
            checkpoint,
            tmp_path,
            protocol="same-scale",
            pairs=4,
            methods="neither,backbone,backbone_augmented",
            backbone=checkpoint,
        )
    )
    known = rows_by(rows, "method", "metric")
    assert known["backbone", "l1"]["value"] == known["neither", "l1"]["value"]
    assert known["backbone_augmented", "l1"]["value"] is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"protocol": "sideways"}, "protocol: 'sideways'"),
        ({"methods": "magic"}, "methods: 'magic'"),
        ({"pairs": 0}, "pairs: found 0"),
        ({"dataset": "voxceleb9"}, "dataset: 'voxceleb9' is unknown; choose auto, manifest, vox"),
        ({"clips": 0}, "clips: found 0"),
        ({"clips": 3, "pair_list": "list.csv"}, "pair list: it names its own"),
        ({"checkpoint": "/nowhere/at/all"}, "checkpoint"),
    ],
)
def test_wrong_options_are_named(data, checkpoint, tmp_path, options, named):
    with pytest.raises(InputError, match=named):
        evaluate(config(data, **{"checkpoint": checkpoint, "output": tmp_path, **options}))
