"""Options of ``evaluate`` that do nothing, contradict each other, or make old results stale."""

import csv

import pytest

from ostnet.errors import InputError
from ostnet.evaluation.evaluate_checkpoint import evaluate
from ostnet.evaluation.options import EvaluateConfig

pytestmark = pytest.mark.usefixtures("known_faces")


@pytest.mark.parametrize(
    ("protocol", "options", "unused"),
    [
        ("cross-identity", {"lineage": True}, ["--lineage"]),
        ("probe", {"methods": "full", "backbone": "b"}, ["--methods", "--backbone"]),
        (
            "scale-sweep",
            {"random_frames": True, "backbone": "b"},
            ["--random-frames", "--backbone"],
        ),
        ("same-scale", {"methods": "full", "backbone": "b"}, ["--backbone"]),
        ("stability", {"pairs": 3, "frames": 9}, ["--pairs"]),
        (
            "same-scale",
            {"pairs": 3, "frames": 9, "scale_per_clip": True},
            ["--scale-per-clip", "--frames"],
        ),
        ("all", {"methods": "backbone", "backbone": "b", "lineage": True, "frames": 2}, []),
    ],
)
def test_options_without_effect_are_known(protocol, options, unused):
    assert sorted(EvaluateConfig("d", protocol, "o", **options).unused_flags()) == sorted(unused)


def test_options_without_effect_give_a_warning(data, checkpoint, tmp_path):
    options = {"methods": "copy_source", "pairs": 1, "frames": 2}
    with pytest.warns(UserWarning, match="--frames: no effect"):
        evaluate(EvaluateConfig(data, "same-scale", tmp_path, checkpoint, **options))


def test_a_protocol_without_any_of_the_methods_is_refused_before_the_first_is_measured(
    data, checkpoint, tmp_path
):
    protocols = "same-scale,scale-sweep"
    with pytest.raises(InputError, match="methods: scale-sweep cannot run any of neither"):
        evaluate(EvaluateConfig(data, protocols, tmp_path, checkpoint, methods="neither"))
    assert not (tmp_path / "same-scale").exists()


def list_file(folder, text, name="list.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("protocol", "text", "named"),
    [
        (
            "same-scale",
            "source,driving,frame,s_x,s_y\nclips/a0.mp4,clips/a0.mp4,5,1.2,0.8\n",
            "same-scale does not scale frames",
        ),
        (
            "stability",
            "source,driving,frame\nclips/a0.mp4,clips/a0.mp4,1\nclips/a0.mp4,clips/a0.mp4,5\n",
            "consecutive frames at one scale",
        ),
    ],
)
def test_lists_of_another_protocol_are_refused(data, checkpoint, tmp_path, protocol, text, named):
    path = list_file(tmp_path, text)
    options = {"pair_list": path, "methods": "copy_source"}
    with pytest.raises(InputError, match=named):
        evaluate(EvaluateConfig(data, protocol, tmp_path / "out", checkpoint, **options))


def test_a_folder_of_lists_serves_the_protocols_that_it_has(data, checkpoint, tmp_path):
    options = {"pair_list": tmp_path, "methods": "copy_source", "frames": 1}
    config = EvaluateConfig(
        data, "same-scale,different-scale", tmp_path / "out", checkpoint, **options
    )
    with pytest.raises(InputError, match="holds no list"):
        evaluate(config)
    text = "source,driving,frame\nclips/a0.mp4,clips/a0.mp4,5\n"
    list_file(tmp_path, text, "same-scale.csv")
    evaluate(config)
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"list {tmp_path.name} for same-scale; otherwise drawn" in report
    with (tmp_path / "out" / "different-scale" / "pairs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 4  # one of each clip
