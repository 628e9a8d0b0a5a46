"""``ostnet animate`` on real files."""

import json
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import probe, read_frames


@pytest.fixture
def animate(ostnet, portrait, clip, checkpoint, tmp_path):
    def run(*flags, driving=clip, name="out.mp4"):
        output = tmp_path / name
        code, out, err = ostnet(
            "animate", "--source", portrait, "--driving", driving, "--checkpoint", checkpoint,
            "--device", "cpu", "--output", output, *flags,
        )  # fmt: skip
        assert (code, err) == (0, ""), err
        assert str(output) in out
        return output

    return run


def frames_of(path) -> np.ndarray:
    return np.stack(list(read_frames(path)))


def test_length_rate_sound_size_and_pixel_format_are_kept(animate, clip):
    output = animate("--size", 256)
    made, driving = probe(output), probe(clip)
    assert made.frames == driving.frames == 13
    assert made.fps == driving.fps == Fraction(30000, 1001)
    assert made.audio
    assert (made.width, made.height) == (256, 256)
    log = subprocess.run(ffmpeg("-i", str(output)), capture_output=True, text=True).stderr
    assert "h264" in log and "yuv420p" in log and "Audio: aac" in log
    content = output.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # faststart


def test_nothing_else_is_left_in_the_folder(animate, tmp_path):
    animate("--trace", tmp_path / "t.json", "--max-frames", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "t.json"]


def test_trace(animate, tmp_path):
    animate("--trace", tmp_path / "t.json", "--no-scale-transform")
    document = json.loads((tmp_path / "t.json").read_text())
    assert len(document["frames"]) == 13
    assert document["fps"] == pytest.approx(30000 / 1001)
    assert set(document["frames"][0]["variants"]) == {"no_transform"}
    assert not any(frame["held"] for frame in document["frames"])


def test_max_frames(animate):
    assert probe(animate("--max-frames", 3)).frames == 3


def test_each_switch_makes_another_video(animate):
    flags = {
        "full": [],
        "transform": ["--no-scale-transform"],
        "embedding": ["--no-scale-embedding"],
        "zoom": ["--driving-zoom", "0.6,0.8"],
        "closed": ["--alignment", "closed-form"],
        "relative": ["--motion", "relative"],
        "points": ["--rectify", "points"],
        "centre": ["--source-crop", "none"],
        "portrait": ["--pose", "portrait"],
        "position": ["--pose", "position"],
    }
    short = ["--max-frames", 2, "--size", 256, "--pose", "driver"]
    made = {
        name: frames_of(animate(*short, *given, name=f"{name}.mp4"))
        for name, given in flags.items()
    }
    for name, video in made.items():
        if name != "full":
            assert np.abs(video.astype(int) - made["full"]).mean() > 0.01, name


def test_smoothing_and_fixed_crop_run(animate):
    assert probe(animate("--scale-smoothing", "--driving-crop", "fixed")).frames == 13


def test_paste_back_keeps_the_portrait_around_the_face(animate, portrait):
    output = animate("--paste-back", "--max-frames", 2)
    picture = np.asarray(Image.open(portrait))
    height, width = picture.shape[:2]
    made = frames_of(output)[0]
    assert made.shape[:2] == (height + height % 2, width + width % 2)
    corner = np.abs(made[:20, :20].astype(int) - picture[:20, :20])
    middle = np.abs(made[100:200, 150:250].astype(int) - picture[100:200, 150:250])
    assert corner.mean() < 4 < middle.mean()


def test_faces_take_a_clip_each(ostnet, portrait, clip, blinking_clip, checkpoint, tmp_path):
    one = np.asarray(Image.open(portrait))
    Image.fromarray(np.hstack([one, one])).save(tmp_path / "two.png")
    words = ["--source", tmp_path / "two.png", "--checkpoint", checkpoint, "--device", "cpu"]
    words += ["--driving", clip, blinking_clip, "--faces", "1,0", "--max-frames", 2]
    code, _, err = ostnet("animate", *words, "--output", tmp_path / "two.mp4")
    assert (code, err) == (0, "")
    made = probe(tmp_path / "two.mp4")
    assert (made.frames, made.fps, made.width) == (2, Fraction(30000, 1001), 2 * one.shape[1])
    code, _, err = ostnet("animate", *words, "--output", blinking_clip)
    assert code == 2 and "output" in err


def test_frames_without_a_face_hold_the_last_motion(animate, blinking_clip, tmp_path, capsys):
    output = animate("--trace", tmp_path / "t.json", driving=blinking_clip)
    held = [frame["held"] for frame in json.loads((tmp_path / "t.json").read_text())["frames"]]
    assert held == [index in (4, 5) for index in range(9)]
    made = frames_of(output).astype(int)
    assert np.abs(made[4] - made[3]).mean() < 1


def test_a_portrait_without_a_face_is_animated_with_a_warning(ostnet, clip, checkpoint, tmp_path):
    Image.new("RGB", (120, 90), (90, 90, 90)).save(tmp_path / "wall.png")
    with pytest.warns(UserWarning, match="^source: no face") as warned:
        code, _, _ = ostnet(
            "animate", "--source", tmp_path / "wall.png", "--driving", clip, "--max-frames", 1,
            "--checkpoint", checkpoint, "--output", tmp_path / "o.mp4",
        )  # fmt: skip
    assert code == 0 and len(warned) == 1


@pytest.fixture
def cut_out(portrait, tmp_path):
    """The portrait, opaque within a disc around the face."""
    with Image.open(portrait) as picture:
        rgb = np.array(picture.convert("RGB"))
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    far = np.hypot(y - rgb.shape[0] / 2, x - 190)
    alpha = (255 * np.clip((140 - far) / 20, 0, 1)).astype(np.uint8)
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "cut_out.png")
    return tmp_path / "cut_out.png"


def rgba_of(folder) -> np.ndarray:
    return np.stack([np.array(Image.open(file)) for file in sorted(folder.glob("*.png"))])


@pytest.mark.parametrize("flags", [("--size", 256), ("--size", 512), ("--paste-back",)])
def test_transparency_moves_with_the_face(animate, cut_out, flags):
    """Where it is opaque, the result is that of the portrait on white."""
    with Image.open(cut_out) as picture:
        white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    white.convert("RGB").save(cut_out.with_name("white.png"))
    flags = ("--max-frames", 3, *flags)
    frames = rgba_of(animate("--source", cut_out, *flags, name="frames"))
    opaque = rgba_of(animate("--source", cut_out.with_name("white.png"), *flags, name="opaque"))
    alpha = frames[..., 3]
    assert frames.shape[:3] == opaque.shape[:3] and opaque.shape[3] == 3
    assert (alpha == 0).mean() > 0.05 and (alpha == 255).mean() > 0.2
    assert np.array_equal(frames[alpha == 255][:, :3], opaque[alpha == 255])
    assert np.abs(alpha[2].astype(int) - alpha[0]).max() > 10, "it moves"


def test_transparency_is_kept_by_webm_and_mov_alone(animate, cut_out):
    flags = ("--source", cut_out, "--max-frames", 2, "--size", 256)
    said = {
        name: subprocess.run(
            ffmpeg("-i", str(animate(*flags, name=name))), capture_output=True, text=True
        ).stderr
        for name in ("out.webm", "out.mov", "out.mkv")
    }
    assert "alpha_mode" in said["out.webm"] and "Audio: opus" in said["out.webm"]
    assert "yuva444p1" in said["out.mov"] and "Audio: aac" in said["out.mov"]
    assert "yuv420p" in said["out.mkv"]


def test_a_folder_of_pictures_of_an_opaque_portrait(animate, ostnet, portrait, clip, checkpoint):
    folder = animate("--size", 256, "--max-frames", 2, "--visible-mark", name="frames")
    assert sorted(file.name for file in folder.iterdir()) == ["frame_00001.png", "frame_00002.png"]
    assert rgba_of(folder).shape == (2, 256, 256, 3)
    assert all(b"DigitalSourceType" in file.read_bytes() for file in folder.iterdir())
    words = ["--source", portrait, "--driving", clip, "--checkpoint", checkpoint]
    code, _, err = ostnet("animate", *words, "--output", folder)
    assert code == 2 and err.count("\n") == 1 and "is not empty" in err


def test_pictures_drive_as_a_clip_does(animate, faces, ostnet, portrait, clip, tmp_path):
    (tmp_path / "frames").mkdir()
    for number, face in enumerate(faces, 9):
        Image.fromarray(face).save(tmp_path / "frames" / f"{number}.png")
    made = animate("--fps", 12, driving=tmp_path / "frames")
    assert (probe(made).frames, probe(made).fps, probe(made).audio) == (4, 12, None)
    pattern = animate(driving=tmp_path / "frames" / "%d.png", name="pattern.mp4")
    assert probe(pattern).fps == 25
    assert np.abs(frames_of(pattern).astype(int) - frames_of(made)).mean() < 2  # up to coding
    code, _, err = ostnet(
        "animate", "--source", portrait, "--driving", clip, "--output", made, "--fps", 12
    )
    assert (code, err.count("\n")) == (2, 1) and "fps: the driving clip has its own" in err
