"""What is rendered and read for one source and its driving frames, whatever the protocol."""

from collections.abc import Sequence

import numpy as np

from ostnet.animation.frame import ClipReference
from ostnet.evaluation.data.clips import count_frames, frame_rate, load_frames
from ostnet.evaluation.data.pairs import Pair
from ostnet.evaluation.method_pictures import Generated, anchor_index, augment, generate
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
    count = min(ClipReference(frame_rate(path)).second, count_frames(path))
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
