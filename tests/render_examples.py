"""Make the example files: `python tests/render_examples.py [FOLDER]` (default: examples/).

Everything is drawn by `procedural_face`, except one public-domain portrait out of scikit-image.
What each file is, the README of that folder says.
"""

import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from procedural_face import FaceParams, Identity, random_motion, render

from ostnet.media.video import VideoWriter

SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class Clip:
    """One driving clip to draw."""

    person: Identity
    seed: int
    frames: int
    near: tuple[float, float]
    """Scale of the head at the beginning and half way; it comes back at the end."""
    size: int = 256
    fps: Fraction = Fraction(25)
    shift: tuple[float, float] = (0.0, 0.0)
    voice: bool = False


DRAWN = Identity(
    skin=(0.93, 0.77, 0.67), hair=(0.43, 0.20, 0.11), iris=(0.30, 0.42, 0.27),
    lips=(0.80, 0.42, 0.40), cloth=(0.15, 0.36, 0.36), backdrop=(0.70, 0.64, 0.58),
    hair_style="long", jaw_width=0.93, face_width=0.97, eye_size=1.06, seed=11,
)  # fmt: skip

CLIPS = {
    "far_0.5": Clip(
        Identity(
            skin=(0.80, 0.60, 0.47), hair=(0.10, 0.08, 0.07), iris=(0.30, 0.18, 0.10),
            lips=(0.72, 0.40, 0.36), cloth=(0.75, 0.55, 0.20), backdrop=(0.50, 0.58, 0.62),
            hair_style="bob", jaw_width=0.94, seed=21,
        ),
        seed=10, frames=112, near=(0.5, 0.5), size=320,
    ),
    "mid_0.7_29.97fps": Clip(
        Identity(
            skin=(0.47, 0.32, 0.24), hair=(0.09, 0.07, 0.06), iris=(0.26, 0.15, 0.09),
            lips=(0.50, 0.28, 0.26), cloth=(0.62, 0.22, 0.20), backdrop=(0.66, 0.66, 0.60),
            hair_style="short", beard=0.9, seed=22,
        ),
        seed=2, frames=135, near=(0.7, 0.7), fps=Fraction(30000, 1001),
    ),
    "mid_1.0_audio": Clip(
        Identity(
            skin=(0.90, 0.71, 0.60), hair=(0.62, 0.44, 0.25), iris=(0.30, 0.44, 0.55),
            lips=(0.78, 0.44, 0.42), cloth=(0.20, 0.28, 0.45), backdrop=(0.60, 0.64, 0.56),
            hair_style="swept", seed=23,
        ),
        seed=3, frames=125, near=(1.0, 1.0), voice=True,
    ),
    "near_1.4": Clip(
        Identity(
            skin=(0.66, 0.47, 0.35), hair=(0.16, 0.10, 0.08), iris=(0.28, 0.17, 0.10),
            lips=(0.64, 0.33, 0.31), cloth=(0.36, 0.24, 0.42), backdrop=(0.55, 0.52, 0.62),
            hair_style="long", jaw_width=0.95, eye_size=1.04, seed=24,
        ),
        seed=4, frames=112, near=(1.4, 1.4), shift=(0.0, -0.08),
    ),
    "approaching_0.6_to_1.3": Clip(
        Identity(
            skin=(0.88, 0.70, 0.60), hair=(0.50, 0.49, 0.48), iris=(0.36, 0.42, 0.40),
            lips=(0.74, 0.45, 0.43), cloth=(0.24, 0.38, 0.28), backdrop=(0.62, 0.58, 0.54),
            hair_style="short", beard=0.35, jaw_width=1.04, seed=25,
        ),
        seed=5, frames=150, near=(0.6, 1.3), size=320,
    ),
}  # fmt: skip
"""Name of the file without its ending -> what it shows."""


def performance(clip: Clip) -> list[FaceParams]:
    """Every frame of a clip."""
    rng = np.random.default_rng(clip.seed)
    moments = random_motion(rng, clip.frames, clip.person, float(clip.fps))
    turn = np.linspace(0, 2 * np.pi, clip.frames)
    begin, half_way = np.log(clip.near)
    scales = np.exp(begin + (half_way - begin) * (1 - np.cos(turn)) / 2)
    sway = 0.02 * np.sin(2 * turn + rng.uniform(0, 6)) * scales
    return [
        replace(moment, scale=(s, s), shift=(clip.shift[0] + x, clip.shift[1]))
        for moment, s, x in zip(moments, scales.tolist(), sway.tolist(), strict=True)
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


def write_clip(path: Path, clip: Clip) -> None:
    moments = performance(clip)
    with VideoWriter(path, clip.fps, crf=18) as writer:
        for moment in moments:
            writer.write(render(moment, clip.size)[0])
    if clip.voice:
        add_sound(path, voice(moments, clip.fps))


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
    from skimage.data import astronaut

    quality = [cv2.IMWRITE_JPEG_QUALITY, 94]
    cv2.imwrite(str(folder / "eileen_collins.jpg"), astronaut()[..., ::-1], quality)
    image, _ = render(FaceParams(DRAWN, smile=0.35, brow_raise=0.15), 512)
    cv2.imwrite(str(folder / "drawn.png"), image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "examples")
    for part in ("portraits", "driving"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_portraits(folder / "portraits")
    for name, clip in CLIPS.items():
        write_clip(folder / "driving" / f"{name}.mp4", clip)
        print(folder / "driving" / f"{name}.mp4")


if __name__ == "__main__":
    main()
