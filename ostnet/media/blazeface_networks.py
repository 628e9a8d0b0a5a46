"""The two networks of BlazeFace (arXiv 1907.05047), run by OpenVINO on one thread of the CPU.

Each sees one square and marks the faces in it. The weights are MediaPipe's own files, as they are;
`weights/README.md` says where they come from.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from ostnet.cache import cache_root
from ostnet.openvino_runtime import openvino_runtime

WEIGHTS = Path(__file__).parent / "weights"

SAME = 0.3
"""Intersection over union above which two marks are of one face."""


@dataclass(frozen=True)
class Kind:
    """What sets one network apart from the other."""

    file: str
    side: int
    """Of the square that it sees, in pixels."""
    grids: tuple[tuple[int, int], ...]
    """Cells per side of each grid of marks, and marks per cell."""


FULL_RANGE = Kind("face_detection_full_range_sparse.tflite", 192, ((48, 1),))
"""Sees faces of a twentieth to half of the square's side."""

SHORT_RANGE = Kind("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)))
"""Sees faces of an eighth to two thirds of the side; surer, steadier, and faster."""


@dataclass(frozen=True)
class Mark:
    """A face as the networks mean it: a square around eyes and mouth, in pixels of a picture."""

    x: float
    """Of the square's centre."""
    y: float
    side: float
    nose_x: float
    """Of the nose's tip."""
    nose_y: float
    eyes_x: float
    """From the person's right eye to the left."""
    eyes_y: float
    score: float
    """0 to 1."""

    @property
    def roll(self) -> float:
        """By how much the head is turned clockwise, in degrees, -180 to 180."""
        return math.degrees(math.atan2(self.eyes_y, self.eyes_x))

    def overlap(self, other: "Mark") -> float:
        """Intersection over union of the squares."""
        reach = (self.side + other.side) / 2
        width = min(reach - abs(self.x - other.x), self.side, other.side)
        height = min(reach - abs(self.y - other.y), self.side, other.side)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.side**2 + other.side**2 - shared)

    def turned(self, degrees: float, x: float, y: float) -> "Mark":
        """The same after the picture has been turned clockwise around (x, y)."""
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

        def turn(across: float, down: float) -> tuple[float, float]:
            return cosine * across - sine * down, sine * across + cosine * down

        centre, nose = turn(self.x - x, self.y - y), turn(self.nose_x - x, self.nose_y - y)
        eyes = turn(self.eyes_x, self.eyes_y)
        return Mark(
            x + centre[0], y + centre[1], self.side, x + nose[0], y + nose[1], *eyes, self.score
        )


class BlazeNet:
    """One of the networks. Make one for each thread; all share the weights."""

    def __init__(self, kind: Kind):
        self.side = kind.side
        self._request = _compiled(kind.file).create_infer_request()
        self._centres = np.concatenate([_cells(*grid) for grid in kind.grids]) * kind.side

    def marks(
        self,
        square: np.ndarray,
        least: float,
        corner: tuple[float, float] = (0.0, 0.0),
        ratio: float = 1.0,
    ) -> list[Mark]:
        """The faces in a part of a picture.

        Args:
            square: the part, uint8 RGB (side, side, 3).
            least: score from which a face counts, inside (0, 1).
            corner: (x, y) of the part's upper left corner, in pixels of the picture.
            ratio: how many of them a pixel of the part stands for.

        Returns:
            One for each face, in pixels of the picture, best first.
        """
        self._request.infer([square[None].astype(np.float32) / 127.5 - 1])
        outputs = [self._request.get_output_tensor(index).data[0] for index in (0, 1)]
        logits, values = sorted(outputs, key=lambda data: data.shape[-1])  # (N, 1), (N, 16)
        seen = logits[:, 0] >= math.log(least / (1 - least))
        scores = 1 / (1 + np.exp(-logits[seen, 0]))
        # centre, size, right eye, left eye, nose, mouth, right ear, left ear
        points = ratio * values[seen].reshape(-1, 8, 2)
        origin = np.asarray(corner) + ratio * self._centres[seen]
        centre, nose = points[:, 0] + origin, points[:, 4] + origin
        rows = [centre, points[:, 1, :1], nose, points[:, 3] - points[:, 2], scores[:, None]]
        return distinct(Mark(*row) for row in np.concatenate(rows, axis=1).tolist())


def distinct(marks: Iterable[Mark]) -> list[Mark]:
    """One mark for each face, best first: the mean of its marks, weighted by their scores."""
    groups: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: mark.score, reverse=True):
        for group in groups:
            if mark.overlap(group[0]) > SAME:
                group.append(mark)
                break
        else:
            groups.append([mark])
    return [_mean(group) for group in groups]


def _mean(group: list[Mark]) -> Mark:
    """With the first one's score."""
    weights = [mark.score for mark in group]
    values = np.average([astuple(mark) for mark in group], axis=0, weights=weights)
    return replace(Mark(*values.tolist()), score=group[0].score)


@functools.cache
def _compiled(file: str):
    """The network on one thread, loaded once in the life of a program."""
    openvino = openvino_runtime()

    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    keeping = {"CACHE_DIR": str(cache_root() / "faces")}
    try:
        return openvino.Core().compile_model(WEIGHTS / file, "CPU", settings | keeping)
    except RuntimeError:  # such as a place that cannot be written
        return openvino.Core().compile_model(WEIGHTS / file, "CPU", settings)


def _cells(count: int, marks: int) -> np.ndarray:
    """Centres of a grid's cells as shares of its side, row by row, each repeated: (N, 2)."""
    middles = (np.arange(count) + 0.5) / count
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    return np.repeat(grid, marks, axis=0)
