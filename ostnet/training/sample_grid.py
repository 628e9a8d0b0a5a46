"""The sample sheet of a validation: one row a person, one column a picture of the method."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

COLUMNS = (
    "source",
    "driving",
    "augmented",
    "rectified",
    "full",
    "no_embedding",
    "no_transform",
    "neither",
    "ground truth",
)


@dataclass
class Example:
    """One row: pictures (3, H, W) in [0, 1] and, per variant, its output row."""

    source: Tensor
    target: Tensor
    driving: Tensor
    variants: dict[str, dict]
    label: str = ""
    """Written on the first picture: why this row is shown."""


def write_sample_grid(examples: list[Example], path: Path, side: int = 160) -> None:
    """Write the PNG; keypoints are drawn on source, augmented and rectified frames."""
    sheet = Image.new("RGB", (side * len(COLUMNS), 16 + side * len(examples)), "white")
    pen = ImageDraw.Draw(sheet)
    for column, name in enumerate(COLUMNS):
        pen.text((column * side + 4, 2), name, fill="black")
    for row, example in enumerate(examples):
        full = example.variants["full"]
        cells = [
            _marked(example.source, full["x_source"]),
            _picture(example.target),
            _marked(example.driving, full["x_driving"], full["fiducials"]),
            _marked(full["rectified"], full["x_rectified"]),
            *(_picture(example.variants[name]["image"]) for name in COLUMNS[4:8]),
            _picture(example.target),
        ]
        for column, cell in enumerate(cells):
            sheet.paste(cell.resize((side, side)), (column * side, 16 + row * side))
        pen.text((4, 18 + row * side), example.label, fill="yellow", stroke_width=1, stroke_fill=0)
    sheet.save(path)


def _picture(image: Tensor) -> Image.Image:
    array = (image.clamp(0, 1).cpu().float() * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(np.ascontiguousarray(array))


def _marked(image: Tensor, points: Tensor, fiducials: Tensor | None = None) -> Image.Image:
    """The picture with keypoints as dots and fiducial points as crosses."""
    picture = _picture(image)
    pen, side = ImageDraw.Draw(picture), picture.width
    for x, y in ((points + 1) / 2 * (side - 1)).tolist():
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(0, 255, 120))
    if fiducials is not None:
        for x, y in ((fiducials + 1) / 2 * (side - 1)).tolist():
            pen.line((x - 4, y, x + 4, y), fill=(255, 60, 60), width=2)
            pen.line((x, y - 4, x, y + 4), fill=(255, 60, 60), width=2)
    return picture
