"""The outputs of a run: its files, the pictures in them, its progress and its result."""

import functools
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ostnet.animation.comparators import to_numpy
from ostnet.animation.frame import Frame
from ostnet.animation.motion_file import Recording
from ostnet.animation.prefetch import close
from ostnet.animation.scene import Scene
from ostnet.animation.trace import Trace
from ostnet.files import write_text
from ostnet.media.compose import BACKGROUND, LETTERS, grid
from ostnet.media.paste import Paster
from ostnet.media.picture_folder import holds_alpha
from ostnet.methods import VARIANTS, switches

MARK = "AI-generated: a portrait animated by OSTNet (arXiv 2407.09965). Not a recording of anyone."
"""Comment in every video's metadata."""

LABELS = {
    "full": "OSTNet (full)",
    "no_transform": "no scale transform",
    "no_embedding": "no scale embedding",
    "neither": "neither of the two",
}
"""Variant -> the label of its pane."""

TEAL = (45, 212, 191)

Spread = tuple[float, float]
Variants = dict[str, Frame]


class Rendered(NamedTuple):
    """What was made of one driving frame; of several faces, measurements of the first one's."""

    pictures: dict[str, np.ndarray]
    """Name of the clip -> its picture, uint8 (H, W, 3)."""
    variants: Variants
    source_spread: Spread
    """(sigma_x, sigma_y) of the portrait's keypoints."""


@dataclass(frozen=True)
class Outputs:
    """The files of a run."""

    clips: dict[str, Path]
    """Name -> video file: variants, ``rectified`` (the driving clip at the portrait's scale, if a
    variant has the transform on) and ``grid`` (all side by side)."""

    trace: Path | None = None
    """JSON file for the measured face sizes."""

    chart: Path | None = None
    """PNG file for their chart."""

    columns: int = 4
    """Largest number of panes in a row of the grid."""

    motion: Path | None = None
    """Motion file of the frames that are animated."""

    @property
    def names(self) -> list[str]:
        """The variants that are rendered."""
        return [name for name in self.clips if name in VARIANTS]

    @property
    def transparent(self) -> bool:
        """Whether all files can hold an alpha channel."""
        return all(map(holds_alpha, self.clips.values()))

    @property
    def measures(self) -> bool:
        """Whether generated faces are measured too."""
        return self.trace is not None or self.chart is not None

    @property
    def rectified(self) -> bool:
        """Whether a file shows the rectified driving frame."""
        shown = "rectified" in self.clips or "grid" in self.clips
        return shown and rectifying(self.names) is not None


class Log:
    """Collects what a run measures, one driving frame at a time, and writes it.

    Args:
        outputs: the files that are asked for.
        fps: frames per second.
        detector: see :class:`ostnet.animation.motion_file.Motion`; read only for a motion file.
    """

    def __init__(self, outputs: Outputs, fps: Fraction, detector: str):
        self.outputs, self.fps = outputs, fps
        self.scales: list[tuple[float, float]] = []
        self.faces: list[bool] = []
        self.document: dict = {}
        self._trace: Trace | None = None
        self._recording = Recording(fps, detector) if outputs.motion else None

    def add(self, variants: Variants, source_spread: Spread) -> None:
        """Add the variants of a driving frame."""
        frame = next(iter(variants.values()))
        self.scales.append(frame.scale)
        self.faces.append(not frame.held)
        if self.outputs.measures:
            self._trace = self._trace or Trace(self.fps, source_spread)
            self._trace.add(variants)
            self.document = self._trace.document
        if self._recording is not None:
            found = to_numpy(frame.reading.x_driving[0])
            self._recording.add(frame.driving, found, not frame.held)

    def save(self) -> dict[str, Path]:
        """Write trace, chart and motion file, and return all files of the run by name."""
        outputs = self.outputs
        if outputs.trace and self._trace:
            write_text(outputs.trace, self._trace.text())
        if outputs.chart:
            from ostnet.animation.chart import scale_chart

            scale_chart(self.document, outputs.chart)
        if outputs.motion and self._recording:
            self._recording.motion.save(outputs.motion)
        more = {"trace": outputs.trace, "motion": outputs.motion}
        return outputs.clips | {name: path for name, path in more.items() if path}


@dataclass(frozen=True)
class Step:
    """The progress of a run."""

    done: int
    """Number of finished frames, 1 to ``total``."""
    total: int
    seconds_left: float
    picture: np.ndarray
    """The newest frame, uint8 (H, W, 3): of the grid if there is one, else of the first clip. With
    alpha, (H, W, 4)."""


@dataclass(frozen=True)
class Result:
    """A finished run, or one that was cancelled after at least one frame."""

    files: dict[str, Path]
    """The clips by name, ``trace`` and ``motion``."""
    seconds: float
    """Wall time."""
    scales: list[tuple[float, float]]
    """(s_x, s_y) of each frame: how many times larger the driving face is than the source's. Of
    several faces, this and the next are of the first one."""
    faces: list[bool]
    """Whether each driving frame shows a face; where it does not, the last motion is repeated."""
    trace: dict = field(default_factory=dict)
    """See :class:`ostnet.animation.trace.Trace`; empty where nothing was measured."""
    stopped: bool = False
    """Whether the run was cancelled before its last frame."""

    @property
    def path(self) -> Path:
        """The first video."""
        return next(iter(self.files.values()))

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.faces)

    @property
    def held(self) -> int:
        """Number of driving frames without a face."""
        return self.faces.count(False)


def scene_pictures(
    scene: Scene, frames: Iterator[tuple[Spread, Variants]], outputs: Outputs
) -> Generator[Rendered, None, None]:
    """Yield the pictures of each driving frame; closes ``frames``, which ends their threads."""
    source, options, paster = scene.source, scene.options, scene.paster
    try:
        for spread, made in frames:
            pictures = pictures_of(source, made, outputs, paster, options.visible_mark)
            yield Rendered(pictures, made, spread)
    finally:
        close(frames)


def pictures_of(
    source: np.ndarray, made: dict[str, Frame], outputs: Outputs, paster: Paster | None, mark: bool
) -> dict[str, np.ndarray]:
    """Return the pictures to write for one driving frame, by the clip's name."""
    images = {n: watermarked(f.image) if mark else f.image for n, f in made.items()}
    pictures = {n: paster.paste(image) if paster else image for n, image in images.items()}
    pictures = {n: without_white(picture) for n, picture in pictures.items()}
    if "rectified" in outputs.clips and (rectified := rectified_of(made)) is not None:
        pictures["rectified"] = rectified
    if "grid" in outputs.clips:
        pictures["grid"] = side_by_side(source, made, images, outputs.columns)
    return pictures


def rectifying(names: list[str]) -> str | None:
    """Return the first of these variants that has the scale transformation; None without any."""
    return next((name for name in names if switches(name)[0]), None)


def rectified_of(made: dict[str, Frame]) -> np.ndarray | None:
    """Return the rectified driving frame; None where no variant has the transformation."""
    variant = rectifying(list(made))
    return None if variant is None else made[variant].rectified


def side_by_side(
    source: np.ndarray, made: dict[str, Frame], images: dict[str, np.ndarray], columns: int
) -> np.ndarray:
    """Compose a grid: source, driving, rectified driving, then the variants with their names."""
    any_frame = next(iter(made.values()))
    panes = {
        "portrait": source,
        "driving clip" + (" (no face: held)" if any_frame.held else ""): any_frame.driving,
    }
    if (rectified := rectified_of(made)) is not None:
        panes["driving, rescaled"] = rectified
    if len(made) > 1:  # so that the variants share the second row
        panes["measured"] = scale_card(any_frame.scale, source.shape[0])
    panes |= {LABELS[name]: image for name, image in images.items()}
    return grid(panes, columns=min(columns, len(panes)))


def watermarked(image: np.ndarray) -> np.ndarray:
    """Return the picture, RGB or RGBA, with "AI-generated" in its lower left corner."""
    share, colour = _stamp(*image.shape[:2])
    if image.shape[2] == 4:
        colour = np.dstack([colour, np.full_like(share, 255)])
    return (image * (1 - share) + colour * share).round().astype(np.uint8)


def without_white(picture: np.ndarray) -> np.ndarray:
    """Return RGBA with its own colours, from RGBA whose colours are those over white; RGB as is.

    Over white, the result looks the same.
    """
    if picture.shape[2] == 3:
        return picture
    share = picture[..., 3:].clip(1) / np.float32(255)
    colours = 255 + (picture[..., :3] - np.float32(255)) / share
    return np.dstack([colours.round().clip(0, 255).astype(np.uint8), picture[..., 3]])


def scale_card(scale: tuple[float, float], side: int) -> np.ndarray:
    """Draw the measured scale as text: uint8 (side, side, 3)."""
    card = Image.new("RGB", (side, side), BACKGROUND)
    draw = ImageDraw.Draw(card)
    lines = [
        ("the driving face is", 0.20, 0.07, LETTERS),
        (f"{scale[0]:.2f} x", 0.36, 0.16, TEAL),
        ("as wide and", 0.50, 0.07, LETTERS),
        (f"{scale[1]:.2f} x", 0.66, 0.16, TEAL),
        ("as high as the portrait's", 0.80, 0.07, LETTERS),
    ]
    for text, middle, size, colour in lines:
        font = ImageFont.load_default(size=size * side)
        draw.text((side / 2, middle * side), text, font=font, fill=colour, anchor="mm")
    return np.array(card)


@functools.lru_cache(maxsize=4)
def _stamp(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return opacity (H, W, 1) and colour (H, W, 3) of the visible mark."""
    layer = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(size=max(11, height / 18))
    text, at = "AI-generated", (0.02 * width, 0.985 * height)
    left, top, right, bottom = draw.textbbox(at, text, font=font, anchor="lb")
    draw.rounded_rectangle([left - 3, top - 3, right + 3, bottom + 3], 3, fill=(0, 0, 0, 130))
    draw.text(at, text, font=font, anchor="lb", fill=(255, 255, 255, 235))
    pixels = np.asarray(layer, np.float32)
    return pixels[..., 3:] / 255, pixels[..., :3]
