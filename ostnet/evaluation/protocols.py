"""The protocols: what is rendered and what is measured for one source and its driving frames.

A protocol turns a group of pairs (one source picture, frames of one driving clip) into one record
per method and frame: a flat dict of numbers, NaN where a face was not found. ``tables`` turns
records into rows of the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.evaluation import metrics
from ostnet.evaluation.clips import load_frames
from ostnet.evaluation.columns import (
    Record,
    following_columns,
    identity_columns,
    image_columns,
    landmark_columns,
    nearest_pose,
    scale_columns,
)
from ostnet.evaluation.faces import Face, FaceReader
from ostnet.evaluation.methods import (
    TRAINED_APART,
    Generated,
    anchor_index,
    augment,
    generate,
    rotate,
)
from ostnet.evaluation.pairs import Pair, spaced_frames
from ostnet.evaluation.perceptual import Lpips
from ostnet.media.video import probe

POSE_REFERENCES = 24
"""Frames of the source's clip among which the one at matching pose is looked for."""


@dataclass
class Bench:
    """Everything a protocol needs besides the pairs."""

    data: Path
    """Folder that the clips' paths start from."""
    model: object
    """OSTNet in eval mode."""
    apart: dict[str, object]
    """Networks trained apart, by method (``backbone``, ``backbone_augmented``)."""
    methods: Sequence[str]
    """Methods to run, in table order."""
    reader: FaceReader
    lineage: bool = False
    """Add SSIM and PSNR with the lineage's data_range of 2."""
    lpips: Lpips | None = None
    """The perceptual distance, where its weights were given."""


@dataclass
class Result:
    """What one group of pairs gave."""

    records: list[Record]
    strip: dict[str, np.ndarray]
    """Pictures of the middle frame by label, for the sample sheet."""


def reconstruct(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Same identity: the un-augmented driving frame is the ground truth of every method."""
    source, truth, driving = load_pictures(bench, pairs)
    faces = bench.reader.read(truth)
    anchor = _anchor(bench, source, driving)
    generated = _run(bench, source, driving, anchor)
    records = []
    for name, images in generated.images.items():
        for i, (pair, face) in enumerate(zip(pairs, _read(bench, images, name), strict=True)):
            record = _head(pair, name)
            record |= image_columns(truth[i], images[i], bench.lineage, bench.lpips)
            record |= landmark_columns(face, faces[i])
            record |= following_columns(face, faces[i])
            record |= _module_metrics(generated, name, i, pair)
            records.append(record)
    return Result(records, strip(source, driving, generated, truth))


def cross(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Cross identity: no ground truth; identity from the source, motion from the driver."""
    source, truth, driving = load_pictures(bench, pairs)
    drivers = bench.reader.read(truth, identity=True)
    source_face = bench.reader.read([source], identity=True)[0]
    references = _references(bench, pairs[0])
    generated = _run(bench, source, driving, _anchor(bench, source, driving))
    records = []
    for name, images in generated.images.items():
        faces = _read(bench, images, name, identity=True)
        for i, (pair, face) in enumerate(zip(pairs, faces, strict=True)):
            record = _head(pair, name)
            record |= identity_columns(bench.reader.embedder.key, face, source_face, drivers[i])
            record |= following_columns(face, drivers[i])
            record |= scale_columns("scale_error", face, source_face)
            record |= scale_columns("scale_error_matched", face, nearest_pose(face, references))
            records.append(record)
    return Result(records, strip(source, driving, generated, None))


def load_pictures(bench: Bench, pairs: Sequence[Pair]):
    """Source picture, driving frames at their own scale, and as the methods see them."""
    first = pairs[0]
    source = load_frames(bench.data / first.source, [first.source_frame])[0]
    frames = load_frames(bench.data / first.driving, [pair.frame for pair in pairs])
    truth = [rotate(frame, pair.roll) for frame, pair in zip(frames, pairs, strict=True)]
    return source, truth, augment(truth, [(pair.s_x, pair.s_y) for pair in pairs])


def _run(bench: Bench, source: np.ndarray, driving: np.ndarray, anchor: int) -> Generated:
    """Every method of the bench, those with a network of their own included."""
    own = [name for name in bench.methods if name not in TRAINED_APART]
    generated = generate(bench.model, source, driving, own, anchor)
    for name, network in bench.apart.items():
        alone = generate(network, source, driving, ["neither"])
        generated.images[name] = alone.images["neither"]
        generated.scales[name] = alone.scales["neither"]
    return generated


def _anchor(bench: Bench, source: np.ndarray, driving: np.ndarray) -> int:
    if "anchor_relative" not in bench.methods:
        return 0
    points = [face and face.landmarks for face in bench.reader.read([source, *driving])]
    return anchor_index(points[0], points[1:])


def _read(bench: Bench, images: np.ndarray, name: str, identity: bool = False):
    """Faces of generated frames; a copied source is read once."""
    if name == "copy_source":
        return bench.reader.read(images[:1], identity) * len(images)
    return bench.reader.read(images, identity)


def _references(bench: Bench, pair: Pair) -> list[Face]:
    """Faces of the source's own clip at other poses."""
    path = bench.data / pair.source
    frames = [pair.source_frame, *spaced_frames(probe(path).frames, POSE_REFERENCES)]
    faces = bench.reader.read(load_frames(path, frames))
    return [face for face in faces if face is not None]


def _head(pair: Pair, method: str) -> Record:
    return {
        "method": method,
        "pair": pair.pair,
        "person": pair.person,
        "source": pair.source,
        "driving": pair.driving,
        "frame": pair.frame,
        "s_x": pair.s_x,
        "s_y": pair.s_y,
        "roll": pair.roll,
    }


def _module_metrics(generated: Generated, method: str, index: int, pair: Pair) -> Record:
    """The scale the method took out, its error against the known one, and its grid's rotation."""
    scales, turns = generated.scales.get(method), generated.turns.get(method)
    measured = np.full(2, np.nan) if scales is None else scales[index]
    error = metrics.module_scale_error(measured, (pair.s_x, pair.s_y))
    return {
        "measured_x": measured[0],
        "measured_y": measured[1],
        "module_scale_error_x": error[0],
        "module_scale_error_y": error[1],
        "grid_turn": np.nan if turns is None else turns[index],
    }


def strip(
    source: np.ndarray, driving: np.ndarray, generated: Generated, truth: Sequence | None
) -> dict[str, np.ndarray]:
    """The middle frame's pictures by label, for the sample sheet."""
    middle = len(driving) // 2
    pictures = {"source": source, "driving": driving[middle]}
    if generated.rectified is not None:
        pictures["rectified"] = generated.rectified[middle]
    pictures |= {name: images[middle] for name, images in generated.images.items()}
    if truth is not None:
        pictures["truth"] = truth[middle]
    return pictures
