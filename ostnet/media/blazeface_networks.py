"""The two networks of BlazeFace (arXiv 1907.05047), run by OpenVINO on one CPU thread.

The weights are MediaPipe's files; see `weights/README.md`.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from ostnet.files import cache_root
from ostnet.openvino_runtime import openvino_runtime

WEIGHTS = Path(__file__).parent / "weights"

LEAST_APART = 0.02
"""Least distance of the eyes, in sides of the square, for measuring the turn of a head."""

SAME = 0.3
"""Intersection over union above which two detections are the same face."""


@dataclass(frozen=True)
class Network:
    """File and shape of one network."""

    file: str
    side: int
    """Side of its input square, in pixels."""
    grids: tuple[tuple[int, int], ...]
    """(cells per side, detections per cell) of each of its grids."""


FULL_RANGE = Network("face_detection_full_range_sparse.tflite", 192, ((48, 1),))
"""Finds faces of a twentieth to half of the square's side."""

SHORT_RANGE = Network("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)))
"""Finds faces of an eighth to two thirds of the side, more precisely and faster."""


@dataclass(frozen=True)
class Detection:
    """A square around eyes and mouth, in pixels of a picture."""

    x: float
    """Centre of the square."""
    y: float
    side: float
    nose_x: float
    """Tip of the nose."""
    nose_y: float
    eyes_x: float
    """Vector from the person's right eye to the left."""
    eyes_y: float
    turn: float
    """Distance of the nose from the middle of the eyes, along their line, in eye distances.

    Near 0 from the front; above 0.5 the tip of the nose is beyond an eye.
    """
    score: float
    """0 to 1."""

    @property
    def roll(self) -> float:
        """Clockwise roll of the head in degrees, -180 to 180."""
        return math.degrees(math.atan2(self.eyes_y, self.eyes_x))

    def overlap(self, other: "Detection") -> float:
        """Return the intersection over union of the squares."""
        reach = (self.side + other.side) / 2
        width = min(reach - abs(self.x - other.x), self.side, other.side)
        height = min(reach - abs(self.y - other.y), self.side, other.side)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.side**2 + other.side**2 - shared)

    def turned(self, degrees: float, x: float, y: float) -> "Detection":
        """Return the detection after a clockwise turn of the picture around (x, y)."""
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

        def turn(across: float, down: float) -> tuple[float, float]:
            return cosine * across - sine * down, sine * across + cosine * down

        centre, nose = turn(self.x - x, self.y - y), turn(self.nose_x - x, self.nose_y - y)
        eyes = turn(self.eyes_x, self.eyes_y)
        places = x + centre[0], y + centre[1], self.side, x + nose[0], y + nose[1]
        return Detection(*places, *eyes, self.turn, self.score)


class BlazeNet:
    """One of the networks, for use in one thread; all instances share the weights."""

    def __init__(self, network: Network):
        self.side = network.side
        self._request = _compiled(network.file).create_infer_request()
        self._centres = np.concatenate([_cells(*grid) for grid in network.grids]) * network.side

    def detect(
        self,
        square: np.ndarray,
        least: float,
        corner: tuple[float, float] = (0.0, 0.0),
        ratio: float = 1.0,
    ) -> list[Detection]:
        """Find the faces in a part of a picture.

        Args:
            square: the part, uint8 RGB (side, side, 3).
            least: lowest accepted score, inside (0, 1).
            corner: (x, y) of the part's upper left corner, in pixels of the picture.
            ratio: side of a pixel of the part, in pixels of the picture.

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
        eyes, aside = points[:, 3] - points[:, 2], points[:, 4] - points[:, 2:4].mean(axis=1)
        apart = np.maximum(np.hypot(*eyes.T), LEAST_APART * points[:, 1, 0])
        turn = abs((aside * eyes).sum(axis=1)) / apart**2
        rows = [centre, points[:, 1, :1], nose, eyes, turn[:, None], scores[:, None]]
        return merged(Detection(*row) for row in np.concatenate(rows, axis=1).tolist())


def merged(detections: Iterable[Detection]) -> list[Detection]:
    """Merge the detections of each face into their mean, weighted by score; best first."""
    groups: list[list[Detection]] = []
    for each in sorted(detections, key=lambda each: each.score, reverse=True):
        for group in groups:
            if each.overlap(group[0]) > SAME:
                group.append(each)
                break
        else:
            groups.append([each])
    return [_mean(group) for group in groups]


def _mean(group: list[Detection]) -> Detection:
    """Return the weighted mean with the turn and the score of the first one.

    The others see the face less well, and few of them agree on the turn of one from the side.
    """
    weights = [each.score for each in group]
    values = np.average([astuple(each) for each in group], axis=0, weights=weights)
    return replace(Detection(*values.tolist()), turn=group[0].turn, score=group[0].score)


@functools.cache
def _compiled(file: str):
    """Return the compiled network; it is loaded once per process."""
    openvino = openvino_runtime()

    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    keeping = {"CACHE_DIR": str(cache_root() / "faces")}
    try:
        return openvino.Core().compile_model(WEIGHTS / file, "CPU", settings | keeping)
    except RuntimeError:  # such as a cache folder that is not writable
        return openvino.Core().compile_model(WEIGHTS / file, "CPU", settings)


def _cells(count: int, repeats: int) -> np.ndarray:
    """Return the centres of a grid's cells as shares of its side, each repeated: (N, 2)."""
    middles = (np.arange(count) + 0.5) / count
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    return np.repeat(grid, repeats, axis=0)
