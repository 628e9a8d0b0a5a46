"""Motion files: a clip's movement without its pictures, for any portrait."""

import json
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from procedural_face import FaceParams, Identity, render
from safetensors.numpy import load_file, save_file
from small_models import SMALL, lively

from ostnet import AnimateOptions, InputError, Pipeline
from ostnet.animation.motion_file import Motion, load_motion, record
from ostnet.animation.outputs import Outputs
from ostnet.cli import main
from ostnet.media.video import VideoWriter, probe

SHOT = 8
NAMES = ["full", "no_transform"]


@pytest.fixture(scope="module")
def model():
    return lively(replace(SMALL, keypoints=30))


@pytest.fixture(scope="module")
def pipeline(model) -> Pipeline:
    return Pipeline(model, "cpu", "torch", overlap=False)


@pytest.fixture(scope="module")
def files(pipeline, tmp_path_factory) -> dict[str, Path]:
    """A portrait, a clip of two shots whose first three frames show no face, its motion file."""
    folder = tmp_path_factory.mktemp("files")
    person = Identity(skin=(0.64, 0.45, 0.34), seed=3)
    portrait, clip, motion = (folder / name for name in ("me.png", "clip.mp4", "m.safetensors"))
    Image.fromarray(render(FaceParams(identity=person), 200)[0]).save(portrait)
    with VideoWriter(clip, Fraction(30000, 1001)) as writer:
        for _ in range(3):
            writer.write(np.full((256, 256, 3), 90, np.uint8))
        for shade in (0.2, 0.9):
            other = replace(person, skin=(shade, shade, shade))
            for step in np.linspace(0, 1, SHOT):
                size = 0.9 + 0.2 * step
                face = FaceParams(identity=other, mouth_open=step, scale=(size, size))
                writer.write(render(face, 256)[0])
    record(pipeline, clip).save(motion)
    return {"portrait": portrait, "clip": clip, "motion": motion}


def test_a_motion_file_holds_keypoints_and_no_picture(files):
    motion = load_motion(files["motion"])
    assert motion.keypoints.shape == (3 + 2 * SHOT, 30, 2)
    assert motion.faces.tolist() == [False] * 3 + [True] * 2 * SHOT
    assert motion.fps == probe(files["clip"]).fps == Fraction(30000, 1001)
    assert files["motion"].stat().st_size < 300 * len(motion.faces)
    assert load_file(files["motion"]).keys() == {"keypoints", "faces", "cuts"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pose": "driver"},
        {"pose": "position", "scale_window": "start"},
        {"scale_window": "clip", "scale_smoothing": True},
        {"scale_window": 0.3, "alignment": "closed-form"},
        {"motion": "relative"},
        {"only": "mouth", "mouth": 1.5, "max_frames": 9},
    ],
    ids=str,
)
def test_it_drives_exactly_as_the_clip_with_rectify_points(pipeline, files, options):
    def pictures(driving: Path) -> np.ndarray:
        scene = pipeline.open(files["portrait"], driving, chosen)
        outputs = Outputs({name: Path(f"{name}.mp4") for name in NAMES})
        made = [frame.pictures for frame in pipeline.stream(scene, outputs)]
        return np.stack([[frame[name] for name in NAMES] for frame in made])

    chosen = AnimateOptions(rectify="points", size=256, **options)
    assert (pictures(files["motion"]) == pictures(files["clip"])).all()


def test_a_comparison_shows_keypoints_in_place_of_the_driver(pipeline, files, tmp_path):
    options = AnimateOptions(max_frames=5, size=256)
    result = pipeline.compare(files["portrait"], files["motion"], tmp_path / "out", options)
    assert result.faces == [False] * 3 + [True] * 2
    assert probe(result.files["grid"]).frames == probe(result.files["rectified"]).frames == 5


@pytest.mark.parametrize(
    "options", [{"driving_zoom": 2}, {"driving_crop": "fixed"}, {"fps": 25}], ids=str
)
def test_what_was_fixed_when_it_was_made_is_refused(pipeline, files, options):
    name = next(iter(options)).replace("_", "-")
    with pytest.raises(InputError, match=f"^{name}: a motion file cannot change it"):
        pipeline.open(files["portrait"], files["motion"], AnimateOptions(**options))


def test_networks_with_the_same_detector_share_it_and_others_refuse_it(
    model, pipeline, files, tmp_path
):
    """Another generator is another network; another detector finds other keypoints."""
    other = lively(replace(SMALL, keypoints=30, widths=(4, 8, 8)))
    other.detector.load_state_dict(model.detector.state_dict())
    other.save_pretrained(tmp_path / "other")
    shared = Pipeline(tmp_path / "other", "cpu", "torch")
    model.save_pretrained(tmp_path / "model")
    assert shared.detector == Pipeline(tmp_path / "model").detector
    half = replace(load_motion(files["motion"]), detector=shared.detector)
    half.save(tmp_path / "half.motion.safetensors")  # weights on disk are in half precision
    arguments = files["portrait"], tmp_path / "half.motion.safetensors", tmp_path / "me.mp4"
    assert shared(*arguments, AnimateOptions(max_frames=4, size=256)).frames == 4
    with torch.no_grad():
        other.detector.heatmaps.weight += 0.1
    with pytest.raises(InputError, match="^driving: the motion file's keypoints are of another"):
        Pipeline(other, "cpu", "torch")(*arguments, AnimateOptions(max_frames=4))


def spoilt(files, path: Path, about: dict | None = None, **arrays: np.ndarray | None) -> Path:
    """A copy of the motion file with other metadata or tensors."""
    motion = load_motion(files["motion"])
    known = {"format": "ostnet-motion", "version": "1", "fps": "25/1", "detector": motion.detector}
    tensors = load_file(files["motion"]) | arrays
    kept = {name: value for name, value in tensors.items() if value is not None}
    save_file(kept, str(path), known | (about or {}))
    return path


GOOD = np.zeros((4, 30, 2), np.float32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"about": {"version": "2"}}, "found version '2', expected '1'"),
        ({"about": {"format": "pt"}}, "found format 'pt', expected 'ostnet-motion'"),
        ({"about": {"fps": "1/0"}}, "fps must be a fraction"),
        ({"about": {"fps": "999999999/1"}}, "fps must be from 1 to 1000"),
        ({"about": {"detector": "none"}}, "detector must be a SHA-256"),
        ({"keypoints": GOOD[:, :, :1]}, r"keypoints have shape \(4, 30, 1\)"),
        ({"keypoints": GOOD[:0]}, r"keypoints have shape \(0, 30, 2\)"),
        ({"keypoints": GOOD}, r"faces and cuts must have shape \(4,\)"),
        ({"keypoints": GOOD.astype(np.float64)}, "found types"),
        ({"cuts": None}, "expected the tensors keypoints, faces, cuts"),
        ({"keypoints": np.full((19, 30, 2), np.nan, np.float32)}, "keypoints must be finite"),
        ({"keypoints": np.full((19, 30, 2), 3, np.float32)}, "keypoints must be finite and from"),
    ],
)
def test_a_file_with_wrong_content_is_refused_in_one_line(files, tmp_path, change, said):
    with pytest.raises(InputError, match=f"^driving: 'bad.safetensors' is not .*{said}") as error:
        load_motion(spoilt(files, tmp_path / "bad.safetensors", **change))
    assert len(str(error.value).splitlines()) == 1


HUGE = json.dumps({"a" * 200_000: 1}).encode()
BROKEN = {
    "empty": lambda whole: b"",
    "truncated": lambda whole: whole[: len(whole) // 2],
    "a_huge_header": lambda whole: struct.pack("<Q", len(HUGE)) + HUGE,
    "a_header_longer_than_the_file": lambda whole: struct.pack("<Q", 2**63) + b"{}",
    "nested": lambda whole: struct.pack("<Q", 90_000) + b"[" * 90_000,
    "a_pickle": lambda whole: b"\x80\x04K\x01.",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_one_line(files, tmp_path, name):
    file = tmp_path / "broken.motion.safetensors"
    file.write_bytes(BROKEN[name](files["motion"].read_bytes()))
    with pytest.raises(InputError, match="^driving: .* is not a readable motion file") as error:
        load_motion(file)
    assert len(str(error.value).splitlines()) == 1


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "large.motion.safetensors").open("wb") as file:
        file.truncate(65_000_000)
    with pytest.raises(InputError, match="larger than 64 MB"):
        load_motion(Path(file.name))


def test_the_command_makes_one_and_animate_takes_it(model, files, tmp_path, capsys):
    model.save_pretrained(tmp_path / "weights")
    made, video = tmp_path / "m.motion.safetensors", tmp_path / "me.mp4"
    network = ["--checkpoint", str(tmp_path / "weights"), "--backend", "torch"]
    clip = ["motion", str(files["clip"]), "-o", str(made), "--max-frames", "6"]
    assert main([*clip, *network]) == 0
    assert "6 frames, 3 with a face" in capsys.readouterr().out
    drive = ["animate", "--source", str(files["portrait"]), "--driving", str(made)]
    assert main([*drive, "--output", str(video), *network]) == 0
    assert probe(video).frames == 6 and probe(video).audio is None
    assert isinstance(load_motion(made), Motion)
