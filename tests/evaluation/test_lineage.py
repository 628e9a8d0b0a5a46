"""``evaluate`` on folders such as first-order-model and its descendants use, from end to end."""

import csv

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, render

from ostnet.errors import InputError
from ostnet.evaluation.evaluate_checkpoint import evaluate
from ostnet.evaluation.options import EvaluateConfig
from ostnet.media.video import VideoWriter

FRAMES = 4
VOX = [f"id1028{n}#video#{n:06d}#{n + 6:06d}.mp4" for n in (0, 0, 1, 2)]
VOX[1] = VOX[1].replace("video", "later")
HDTF = ["RD_Radio34_001", "RD_Radio34_005", "WDA_BarackObama_000", "WRA_JoeHeck1_000"]


pytestmark = pytest.mark.usefixtures("known_faces")


@pytest.fixture(scope="module")
def faces():
    """Four clips of a drawn face that turns: uint8 (4, T, 64, 64, 3)."""
    yaws = np.linspace(-0.3, 0.3, FRAMES)
    return np.stack(
        [[render(FaceParams(yaw=yaw + 0.1 * n), 64)[0] for yaw in yaws] for n in range(4)]
    )


@pytest.fixture(scope="module")
def vox(faces, tmp_path_factory):
    """VoxCeleb1's shape: test/ and train/ with one mp4 a clip."""
    folder = tmp_path_factory.mktemp("data") / "vox"
    for name, frames in zip([f"test/{name}" for name in VOX], faces, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(folder / name, fps=25) as writer:
            for frame in frames:
                writer.write(frame)
    (folder / "train").mkdir()
    (folder / "train" / "id10001#unseen#000000#000006.mp4").write_bytes(b"never read")
    return folder


@pytest.fixture(scope="module")
def hdtf(faces, tmp_path_factory):
    """HDTF's shape as MCNet keeps it: one folder of numbered frames a clip, no split."""
    folder = tmp_path_factory.mktemp("data") / "hdtf_video_frames"
    for name, frames in zip(HDTF, faces, strict=True):
        (folder / f"{name}.mp4").mkdir(parents=True)
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(folder / f"{name}.mp4" / f"{index:06d}.png")
    return folder


def config(data, output, checkpoint, protocol="same-scale", methods="full,copy_source", **options):
    return EvaluateConfig(data, protocol, output, checkpoint, methods=methods, **options)


def rows_of(output, protocol):
    with (output / protocol / "pairs.csv").open() as file:
        return list(csv.DictReader(file))


def test_hdtf_as_folders_of_frames(hdtf, checkpoint, tmp_path):
    protocols = "same-scale,cross-identity"
    rows = evaluate(config(hdtf, tmp_path, checkpoint, protocols, frames=3))
    named = "hdtf_video_frames (hdtf, folders of frames), split all, 4 clips, 3 people"
    assert {row["dataset"] for row in rows} == {named}
    values = {(row["protocol"], row["method"], row["metric"]): row["value"] for row in rows}
    assert values["same-scale", "copy_source", "l1"] > 0.01
    assert values["cross-identity", "copy_source", "csim_dlib"] == pytest.approx(1)
    people = {row["person"] for row in rows_of(tmp_path, "cross-identity")}
    assert people == {"RD_Radio34", "WDA_BarackObama", "WRA_JoeHeck"}


def test_voxceleb1_as_videos(vox, checkpoint, tmp_path):
    rows = evaluate(config(vox, tmp_path, checkpoint, pairs=5))
    named = "vox (voxceleb1, videos), split test, 4 clips, 3 people"
    assert {row["dataset"] for row in rows} == {named}
    people = {row["person"] for row in rows_of(tmp_path, "same-scale")}
    assert people == {"id10280", "id10281", "id10282"}


def test_a_committed_list_asks_for_its_clips(vox, checkpoint, tmp_path):
    with pytest.raises(InputError, match="demo-clips-val.*does not have; the first is 'clips/"):
        evaluate(config(vox, tmp_path, checkpoint, pair_list="demo-clips-val"))
