"""What is rendered and read for one source and its driving frames, whatever the protocol."""

from collections.abc import Sequence

import numpy as np

from ostnet.animation.steering import window_frames
from ostnet.evaluation.data.clips import count_frames, frame_rate, load_frames
from ostnet.evaluation.data.drawn_pairs import Pair
from ostnet.evaluation.method_pictures import Generated, anchor_index, augment, generate
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.extras import Reading, features
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.fid import REFERENCE
from ostnet.evaluation.protocols.protocol import Bench
from ostnet.methods import COPY_SOURCE, START_SCALE, TRAINED_APART


def run_methods(
    bench: Bench, source: np.ndarray, driving: np.ndarray, pairs: Sequence[Pair]
) -> Generated:
    """Every method of the bench, those with a network of their own included."""
    anchor = _anchor(bench, source, driving)
    own = [name for name in bench.methods if name not in TRAINED_APART]
    first = _first_second(bench, pairs[0]) if START_SCALE in own else None
    generated = generate(bench.model, source, driving, own, anchor, first_second=first)
    for name, network in bench.apart.items():
        alone = generate(network, source, driving, ["neither"])
        generated.images[name] = alone.images["neither"]
        generated.scales[name] = alone.scales["neither"]
    return generated


def _first_second(bench: Bench, pair: Pair) -> np.ndarray:
    """The frames (N, H, W, 3) of the driving clip's first second, at the pair's scale."""
    path = bench.data / pair.driving
    count = min(window_frames(1, frame_rate(path)), count_frames(path))
    return augment(load_frames(path, range(count)), [(pair.s_x, pair.s_y)] * count)


def _anchor(bench: Bench, source: np.ndarray, driving: np.ndarray) -> int:
    if "anchor_relative" not in bench.methods:
        return 0
    points = [face and face.landmarks for face in bench.reader.read([source, *driving])]
    return anchor_index(points[0], points[1:])


def read_faces(bench: Bench, images: np.ndarray, name: str, identity: bool = False):
    """Faces of generated frames; a copied source is read once."""
    if name == COPY_SOURCE:
        return bench.reader.read(images[:1], identity) * len(images)
    return bench.reader.read(images, identity)


class ExtraColumns:
    """The extra networks on one group: outputs against its source and its drivers."""

    def __init__(
        self,
        bench: Bench,
        source: np.ndarray,
        source_face: Face | None,
        drivers: Sequence[np.ndarray],
        faces: Sequence[Face | None],
    ):
        self._extras = bench.extras
        (self._source,) = self._extras.read([source], [source_face])
        self._drivers = self._extras.read(drivers, faces)
        self.features: dict[str, np.ndarray] = {}
        self._keep(REFERENCE, self._drivers)

    def columns(
        self, method: str, images: np.ndarray, faces: Sequence[Face | None]
    ) -> list[Record]:
        """One record per frame of a method; its features are kept."""
        distinct = 1 if method == COPY_SOURCE else len(images)
        outputs = self._extras.read(images[:distinct], faces[:distinct])
        outputs *= len(images) // distinct
        self._keep(method, outputs)
        return [
            self._extras.columns(output, self._source, driver)
            for output, driver in zip(outputs, self._drivers, strict=True)
        ]

    def _keep(self, label: str, readings: Sequence[Reading]) -> None:
        found = features(readings)
        if found is not None:
            self.features[label] = found
