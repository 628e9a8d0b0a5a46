"""The page's button that puts a result back into the whole portrait."""

from pathlib import Path

import numpy as np

from ostnet.animation.panes import MARK
from ostnet.animation.scene import Scene
from ostnet.media.crop import Crop
from ostnet.media.paste import Paster
from ostnet.media.video import VideoWriter, probe, read_frames

PASTED_SIDE = 1280
"""Longest side of a pasted-back video, in pixels."""


def paste_back(scene: Scene, clip: Path, output: Path) -> Path:
    """Put a generated clip back into the whole portrait, at most 1280 pixels a side."""
    portrait, crop = fitted(scene.portrait, scene.source_crop, PASTED_SIDE)
    paster = Paster(portrait, crop)
    with VideoWriter(output, scene.video.fps, probe(clip), comment=MARK) as writer:
        for frame in read_frames(clip):
            writer.write(paster.paste(frame))
    return output


def fitted(portrait: np.ndarray, crop: Crop, side: int) -> tuple[np.ndarray, Crop]:
    """A picture shrunk to at most ``side`` pixels, and its crop with it."""
    from PIL import Image

    height, width = portrait.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1:
        return portrait, crop
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = np.array(Image.fromarray(portrait).resize(size, Image.Resampling.LANCZOS))
    left, top, size = (round(value * ratio) for value in (crop.left, crop.top, crop.size))
    return small, Crop(left, top, size, crop.roll)
