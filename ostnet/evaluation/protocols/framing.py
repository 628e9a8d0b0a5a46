"""Framing: source and driver are cut out of one clip at known different places.

The clip takes the place of a photograph: source and driver show different parts of it, so the
position of everything is known in both.
"""

from collections.abc import Sequence

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import SIZE, Clip, load_frames
from ostnet.evaluation.data.pairs import Pair, PairOptions, draw_shifts, same_identity
from ostnet.evaluation.metrics import definitions, formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import frame_mean
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import (
    Context,
    Protocol,
    head,
    read_faces,
    run_methods,
    strip,
)
from ostnet.evaluation.report.group_store import Result
from ostnet.media.square import Crop
from ostnet.methods import COPY_SOURCE, POSED

SIDE = 222
"""Side of both windows in pixels of the 256 x 256 clip; either is enlarged to 256."""

LARGEST = int(0.15 * SIDE)
"""Pixels by which the driver's window may lie beside the source's, each way."""

DRIVER, SOURCE = "the driver's window", "the source's window"

NOTE = (
    f"Windows of {SIDE} of 256 pixels. Under `{DRIVER}` the truth is the driving frame itself: the "
    f"result is to have the driver's framing. Under `{SOURCE}` it is the driver's frame cut out "
    "where the source was: the result is to keep the source's framing. There the source hides "
    "nothing, so that the columns of the hidden part have no value."
)

_HIDDEN = "of the truth that lie outside the source's window"
_SHOWN = "of the truth that lie in the source's window"
_L1 = "mean |difference|, [0,1], all channels, over the pixels"
_SSIM = (
    "mean of the SSIM map (uniform 7x7 window per channel, data_range 1, the outer 3 pixels left "
    "out) over the pixels"
)

METRICS = [
    frame_mean(
        "centre_error",
        "distance of the face's centre (mean of 68 landmarks) to the truth's, over the truth's "
        "face width (extent of its landmarks along x)",
        "landmarker",
    ),
    *[
        frame_mean(f"{name}_{part}", f"{what} {where}", backend)
        for part, where in (("hidden", _HIDDEN), ("shown", _SHOWN))
        for name, what, backend in (("l1", _L1, "numpy"), ("ssim", _SSIM, "scikit-image"))
    ],
    definitions.NO_FACE,
]


class Framing(Protocol):
    """Source and driver cut out of one clip at known different places."""

    name = "framing"
    methods = ("full", "no_transform", COPY_SOURCE, *POSED)
    table = METRICS
    headline = "centre_error l1_hidden ssim_hidden l1_shown ssim_shown no_face".split()
    note = NOTE
    known_scale = False

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw each clip's first frame driven by the rest, at one shift a clip."""
        pairs = same_identity(clips, frames, options.pairs)
        return draw_shifts(pairs, options.seed, LARGEST)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one clip at one shift: one record per truth, method and frame."""
        places = dict(zip((SOURCE, DRIVER), windows(pairs), strict=True))
        (first,) = load_frames(context.data / pairs[0].source, [pairs[0].source_frame])
        frames = load_frames(context.data / pairs[0].driving, [pair.frame for pair in pairs])
        source = places[SOURCE].apply(first)
        truths = {
            place: np.stack([window.apply(frame) for frame in frames])
            for place, window in places.items()
        }
        driving = truths[DRIVER]
        generated = run_methods(context, source, driving, pairs)
        true_faces = {place: context.reader.read(truth) for place, truth in truths.items()}
        records = []
        for name, images in generated.images.items():
            faces = read_faces(context, images, name)
            own = (SOURCE if name in POSED else DRIVER,)
            for place in (DRIVER, SOURCE) if name == COPY_SOURCE else own:
                hidden = hidden_part(places[SOURCE], places[place])
                for i, pair in enumerate(pairs):
                    record = head(pair, name) | {"condition": place}
                    record |= {"shift_x": pair.shift_x, "shift_y": pair.shift_y}
                    record |= centre_columns(faces[i], true_faces[place][i])
                    record |= part_columns(truths[place][i], images[i], hidden)
                    records.append(record)
        return Result(records, strip(source, driving, generated, truths[SOURCE]))


def windows(pairs: Sequence[Pair]) -> tuple[Crop, Crop]:
    """Return the source's and the driver's window in a 256 x 256 frame.

    Raises InputError for listed frames of one clip without one shift that fits.
    """
    shifts = {(pair.shift_x, pair.shift_y) for pair in pairs}
    x, y = next(iter(shifts))
    room = SIZE - SIDE
    if len(shifts) > 1 or (x, y) == (0, 0) or max(abs(x), abs(y)) > room:
        raise InputError(
            f"pair list: framing needs one shift (columns shift_x, shift_y, {-room} to {room}, not "
            f"both 0) for all frames of {pairs[0].driving}; correct the list or leave it out"
        )
    left, top = (room - x) // 2, (room - y) // 2
    return Crop(left, top, SIDE), Crop(left + x, top + y, SIDE)


def hidden_part(source: Crop, truth: Crop) -> np.ndarray:
    """Return which pixels (256, 256) of the truth's window lie outside the source's."""
    middles = (np.arange(SIZE) + 0.5) * SIDE / SIZE
    outside = [
        (middles + offset < 0) | (middles + offset > SIDE)
        for offset in (truth.left - source.left, truth.top - source.top)
    ]
    return outside[0][None] | outside[1][:, None]


def centre_columns(face: Face | None, truth: Face | None) -> Record:
    """Return the error of the face's centre in face widths, and whether the face was lost."""
    error = np.nan
    if face is not None and truth is not None:
        offset = face.landmarks.mean(axis=0) - truth.landmarks.mean(axis=0)
        error = np.linalg.norm(offset) / np.ptp(truth.landmarks[:, 0])
    return {"centre_error": error, "no_face": float(face is None)}


def part_columns(truth: np.ndarray, image: np.ndarray, hidden: np.ndarray) -> Record:
    """Return L1 and SSIM of two pictures in the hidden part (H, W) and in the rest."""
    difference = np.abs(formulas.as_unit(truth) - formulas.as_unit(image)).mean(axis=2)
    similarity = formulas.ssim_map(truth, image)
    columns: Record = {}
    for part, mask in (("hidden", hidden), ("shown", ~hidden)):
        for name, values in (("l1", difference), ("ssim", similarity)):
            kept = mask & np.isfinite(values)
            columns[f"{name}_{part}"] = float(values[kept].mean()) if kept.any() else np.nan
    return columns
