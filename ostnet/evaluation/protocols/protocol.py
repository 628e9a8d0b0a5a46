"""The base class of protocols, and shared functions.

A protocol turns a group of pairs (one source picture, frames of one driving clip) into one record
per method and frame: a flat dict of numbers, NaN where a face was not found. ``report.tables``
turns records into rows of the report.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.animation.frame import ClipReference
from ostnet.evaluation.data.clips import Clip, count_frames, frame_rate, load_frames
from ostnet.evaluation.data.pairs import Pair, PairOptions
from ostnet.evaluation.method_pictures import Generated, anchor_index, augment, generate, rotate
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.faces import Face, FaceReader
from ostnet.evaluation.metrics.regions import RegionDistance
from ostnet.evaluation.report.group_store import Result
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.methods import COPY_SOURCE, METHODS, ONE_SCALE, SELDOM, START_SCALE, TRAINED_APART
from ostnet.model.ostnet import OSTNet

COMMON = tuple(name for name in METHODS if name not in SELDOM)
"""The methods of most tables."""

LEARNED_OR_NOT = ("full", "no_transform", COPY_SOURCE, "closed_form")
"""The methods that differ where only the measure of scale is in question."""

FOLLOWED = (
    "mouth_slope mouth_correlation eyelid_slope eyelid_correlation gaze_x_slope gaze_x_correlation "
    "gaze_y_slope gaze_y_correlation eyelid_error_down eyelid_bias_down no_face"
)
"""Headline columns of how well the face follows the driver's."""


@dataclass
class Context:
    """Everything a protocol needs besides the pairs."""

    data: Path
    """Folder that the clips' paths start from."""
    model: OSTNet
    """The network under test, in eval mode."""
    apart: dict[str, OSTNet]
    """Networks trained apart, by method (``backbone``, ``backbone_augmented``)."""
    methods: Sequence[str]
    """Methods to run, in table order."""
    reader: FaceReader
    lineage: bool = False
    """Add SSIM and PSNR with data_range 2, as in the tables of earlier papers."""
    perceptual: RegionDistance | None = None
    """The network of the perceptual distance on regions, where it is installed."""


class Protocol(ABC):
    """One protocol of ``ostnet evaluate``; subclasses are listed in ``protocols.PROTOCOLS``."""

    name: str
    frames: int = 12
    """Driving frames per clip by default."""
    options: frozenset[str] = frozenset({"pairs"})
    """Those of the options ``pairs``, ``random_frames`` and ``lineage`` that have an effect."""
    methods: Sequence[str] = COMMON
    """Methods of ``ostnet.methods`` that it compares."""
    own_methods: Mapping[str, str] = {}
    """Methods of this protocol alone, name -> what it does, in place of ``methods``."""
    table: Sequence[Metric] = ()
    """The metrics, where they do not depend on the options."""
    headline: Sequence[str] = ()
    """Columns of the first table in report.md; those without any value are left out."""
    note: str = ""
    """A note for readers, repeated in every row."""
    perceptual: bool = False
    """Whether the perceptual distance on regions is reported."""
    known_scale: bool = True
    """Whether the measured scale is compared with a known one, also beside the closed form."""
    scales_drawn: bool = False
    """Whether listed pairs without scales get them by the seed, as drawn pairs do."""
    sheet_people: int = 8
    """People on the sample sheet."""

    def available(self, scale_per_clip: bool) -> Sequence[str]:
        """Return the names of its methods, in table order."""
        if self.own_methods:
            return list(self.own_methods)
        # these methods measure one scale per clip
        more = ONE_SCALE if self.scales_drawn and scale_per_clip else ()
        return [name for name in METHODS if name in self.methods or name in more]

    @abstractmethod
    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw the pair list, with so many driving frames per clip."""

    @abstractmethod
    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one group of pairs.

        Records with a ``condition`` are reduced to one set of rows per condition.
        """

    def metrics(self, context: Context) -> Sequence[Metric]:
        """Return the metrics that reduce one column of the records to a row."""
        return self.table

    def summarise(self, measured: Measured) -> list[Row]:
        """Return the rows that need more than one column, and write their plots."""
        return []

    def draw(self, folder: Path, records: Sequence[Record]) -> None:  # noqa: B027 -- plots are optional
        """Write the plots into a folder."""


def load_pictures(context: Context, pairs: Sequence[Pair]):
    """Return source picture, driving frames at their own scale, and as the methods see them."""
    first = pairs[0]
    source = load_frames(context.data / first.source, [first.source_frame])[0]
    frames = load_frames(context.data / first.driving, [pair.frame for pair in pairs])
    truth = [rotate(frame, pair.roll) for frame, pair in zip(frames, pairs, strict=True)]
    return source, truth, augment(truth, [(pair.s_x, pair.s_y) for pair in pairs])


def run_methods(
    context: Context, source: np.ndarray, driving: np.ndarray, pairs: Sequence[Pair]
) -> Generated:
    """Run every method of the context, those with a network of their own included."""
    own = [name for name in context.methods if name not in TRAINED_APART]
    anchor, first_second = 0, None
    if "anchor_relative" in own:
        points = [face and face.landmarks for face in context.reader.read([source, *driving])]
        anchor = anchor_index(points[0], points[1:])
    if START_SCALE in own:
        pair, path = pairs[0], context.data / pairs[0].driving
        count = min(ClipReference(frame_rate(path)).second, count_frames(path))
        first_second = augment(load_frames(path, range(count)), [(pair.s_x, pair.s_y)] * count)
    generated = generate(context.model, source, driving, own, anchor, first_second)
    for name, network in context.apart.items():
        alone = generate(network, source, driving, ["neither"])
        generated.images[name] = alone.images["neither"]
        generated.scales[name] = alone.scales["neither"]
    return generated


def read_faces(
    context: Context, images: np.ndarray, name: str, identity: bool = False
) -> list[Face | None]:
    """Return the faces of a method's frames; a copied source is read once."""
    if name == COPY_SOURCE:
        return context.reader.read(images[:1], identity) * len(images)
    return context.reader.read(images, identity)


def head(pair: Pair, method: str) -> Record:
    """Return the columns that identify a record."""
    names = ("pair", "person", "source", "driving", "frame", "s_x", "s_y", "roll")
    return {"method": method} | {name: getattr(pair, name) for name in names}


def module_columns(measured: np.ndarray | None, pair: Pair) -> Record:
    """Return the scale (2,) that a method took out (None: none), and its error."""
    measured = np.full(2, np.nan) if measured is None else measured
    error = formulas.module_scale_error(measured, (pair.s_x, pair.s_y))
    return {
        "measured_x": measured[0],
        "measured_y": measured[1],
        "module_scale_error_x": error[0],
        "module_scale_error_y": error[1],
    }


def strip(
    source: np.ndarray,
    driving: np.ndarray,
    generated: Generated,
    truth: Sequence[np.ndarray] | np.ndarray | None,
) -> dict[str, np.ndarray]:
    """Return the middle frame's pictures by label, for the sample sheet."""
    middle = len(driving) // 2
    pictures = {"source": source, "driving": driving[middle]}
    if generated.rectified is not None:
        pictures["rectified"] = generated.rectified[middle]
    pictures |= {name: images[middle] for name, images in generated.images.items()}
    if truth is not None:
        pictures["truth"] = truth[middle]
    return pictures
