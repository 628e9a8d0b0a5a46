"""The two functions for programs, called as programs call them: over HTTP by gradio_client."""

import json
import shutil
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from ostnet.media.video import probe


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    from ostnet.ui.page import build, launch_options

    page = build()
    _, url, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_options()
    )
    yield Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    page.close()


def test_exactly_two_endpoints_with_their_arguments_in_order(client):
    info = client.view_api(return_format="dict", print_info=False)
    assert info["unnamed_endpoints"] == {}
    switches = [("scale_transform", True), ("scale_embedding", True)]
    common = [
        ("driving_zoom_x", 1),
        ("driving_zoom_y", 1),
        ("max_seconds", 60),
        ("visible_mark", False),
        ("size", ""),
        ("scale_window", "frame"),
        ("pose", "portrait"),
        ("source_crop", "auto"),
        ("driving_crop", "auto"),
        ("face", 0),
        ("max_frames", ""),
        ("alignment", "learned"),
        ("motion", "absolute"),
        ("scale_smoothing", False),
    ]
    files = [("portrait", None), ("driving", None)]
    expected = {"/animate": [*files, *switches, *common], "/compare": [*files, *common]}
    found = {
        name: [
            (
                one["parameter_name"],
                one["parameter_default"] if one["parameter_has_default"] else None,
            )
            for one in endpoint["parameters"]
        ]
        for name, endpoint in info["named_endpoints"].items()
    }
    assert found == expected
    assert "portrait perform" in info["named_endpoints"]["/animate"]["description"]


def test_animate_gives_one_video(client, portrait_file, driving_file):
    video = client.predict(
        handle_file(portrait_file),
        handle_file(driving_file),
        True,
        False,
        0.8,
        0.8,
        0.12,
        api_name="/animate",
    )
    info = probe(video)
    assert (info.width, info.height, info.frames, info.fps, bool(info.audio)) == (
        256, 256, 3, 25, True,
    )  # fmt: skip


def test_compare_gives_six_files_in_order(client, portrait_file, driving_file):
    files = client.predict(
        handle_file(portrait_file), handle_file(driving_file), max_seconds=0.08, api_name="/compare"
    )
    names = [Path(file).name for file in files]
    assert names == [
        "grid.mp4", "full.mp4", "no_transform.mp4", "no_embedding.mp4", "neither.mp4", "trace.json",
    ]  # fmt: skip
    assert all(probe(file).frames == 2 for file in files[:5])
    trace = json.loads(Path(files[5]).read_text())
    assert [frame["index"] for frame in trace["frames"]] == [0, 1]


@pytest.mark.parametrize("wrong", ["portrait", "driving"])
def test_a_wrong_file_is_named_in_plain_words(client, portrait_file, driving_file, tmp_path, wrong):
    bad = tmp_path / "bad.bin"
    shutil.copy(__file__, bad)
    files = {"portrait": portrait_file, "driving": driving_file, wrong: str(bad)}
    with pytest.raises(AppError, match=r"(source|driving): '?bad.bin"):
        client.predict(*(handle_file(file) for file in files.values()), api_name="/animate")


def test_a_zoom_out_of_range_is_refused(client, portrait_file, driving_file):
    with pytest.raises(AppError, match="driving-zoom"):
        client.predict(
            handle_file(portrait_file),
            handle_file(driving_file),
            driving_zoom_x=9,
            api_name="/compare",
        )


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"pose": "sideways"}, "pose: found 'sideways', expected one of portrait, position, dr"),
        ({"scale_window": "now"}, "scale-window: found 'now', expected frame, clip, start or a"),
        ({"scale_window": "inf"}, "scale-window: found 'inf', expected frame, clip, start or a"),
    ],
)
def test_a_wrong_choice_is_named_in_one_line(client, portrait_file, driving_file, wrong, complaint):
    files = handle_file(portrait_file), handle_file(driving_file)
    with pytest.raises(AppError, match=complaint) as refused:
        client.predict(*files, **wrong, api_name="/animate")
    assert "\n" not in str(refused.value)


def test_head_pose_and_the_scale_of_the_first_second(client, portrait_file, driving_file):
    files = handle_file(portrait_file), handle_file(driving_file)

    def scales(**options) -> list:
        *_, trace = client.predict(*files, max_seconds=0.12, **options, api_name="/compare")
        return [frame["scale"] for frame in json.loads(Path(trace).read_text())["frames"]]

    assert len({tuple(scale) for scale in scales(pose="driver")}) == 3
    assert len({tuple(scale) for scale in scales(scale_window="start", pose="position")}) == 1


@pytest.mark.parametrize("seconds", [-3, 0])
def test_seconds_out_of_range_are_refused(client, portrait_file, driving_file, seconds):
    files = handle_file(portrait_file), handle_file(driving_file)
    with pytest.raises(AppError, match="max-seconds: found .*, expected a number above 0"):
        client.predict(*files, max_seconds=seconds, api_name="/compare")
