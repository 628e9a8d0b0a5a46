"""The comparison that plays on the page before anybody has pressed anything.

Made once for the weights in use and kept beside the examples, under a hash of all that it was made
of, so that nobody is ever shown what other weights have painted.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ostnet.animation.animator import Animator
from ostnet.animation.files import staged, write_text
from ostnet.animation.panes import LABELS, MARK
from ostnet.animation.render import Take, rendered, run_folder
from ostnet.animation.scene import NETWORK_SIDE, Inputs, look_at
from ostnet.hub.downloads import CONFIG, WEIGHTS
from ostnet.media.compose import grid
from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.methods import VARIANTS
from ostnet.model.ostnet import OSTNet

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
"""Beside a checkout; an installed package has none."""

FOLDER = EXAMPLES / "showcase"
PORTRAIT = EXAMPLES / "portraits" / "eileen_collins.jpg"
DRIVING = EXAMPLES / "driving" / "approaching_webcam.mp4"
"""The pair that shows what the method is for: a driver who comes near and goes far."""

QUALITY = 27
"""x264's crf of the shown videos: small files, no visible loss at the size they are shown."""

THUMBNAIL_SIDE = 144
"""Pixels."""


@dataclass(frozen=True)
class Showcase:
    """A comparison that is at hand."""

    wide: Path
    """MP4: all panes, four side by side."""
    narrow: Path
    """MP4 for phones: portrait, driving clip and the variants, two side by side."""
    document: dict
    """The run's trace, see :class:`ostnet.animation.trace.Trace`, without times."""


def load_showcase(weights: Path, folder: Path = FOLDER) -> Showcase | None:
    """The comparison in ``folder``; None if it is missing or of other weights or other examples.

    Args:
        weights: the checkpoint's folder.
        folder: where :func:`make_showcase` has written.
    """
    try:
        kept = json.loads((folder / "showcase.json").read_text(encoding="utf-8"))
        if kept["made_of"] != made_of(weights):
            return None
        return Showcase(folder / "wide.mp4", folder / "narrow.mp4", kept["trace"])
    except (OSError, ValueError, KeyError):
        return None


def make_showcase(weights: Path, folder: Path = FOLDER) -> None:
    """Render the first example with these weights; writes wide.mp4, narrow.mp4, showcase.json.

    Args:
        weights: the checkpoint's folder.
        folder: its files are replaced together, once all are made.

    Raises:
        InputError: the examples are not at hand, or the weights cannot be loaded.
    """
    scene = look_at(Inputs(PORTRAIT, DRIVING, size=str(NETWORK_SIDE)))
    animator = Animator(OSTNet.from_pretrained(str(weights)), size=scene.size)
    with tempfile.TemporaryDirectory() as scratch, staged(folder) as stage:
        run = Path(scratch) / "run"
        *_, take = run_folder(scene, run, VARIANTS, partial(rendered, animator))
        assert isinstance(take, Take)  # always the last event of a run
        _write(stage / "wide.mp4", take.files["grid"], read_frames(take.files["grid"]))
        _write(stage / "narrow.mp4", take.files["grid"], _narrow(scene.source, take.files))
        for frame in take.document["frames"]:
            del frame["ms"]  # differs from run to run
        kept = {"made_of": made_of(weights), "trace": take.document}
        write_text(stage / "showcase.json", json.dumps(kept, separators=(",", ":")) + "\n")


def make_thumbnails(folder: Path = FOLDER) -> list[Path]:
    """A small picture of every example, ``folder``/NAME.jpg; of a clip, its middle frame."""
    from PIL import Image, ImageOps

    made = []
    for file in sorted([*EXAMPLES.glob("portraits/*.*"), *EXAMPLES.glob("driving/*.mp4")]):
        if file.suffix == ".mp4":
            picture = Image.fromarray(list(read_frames(file, probe(file).frames // 2))[-1])
        else:
            picture = Image.open(file).convert("RGB")
        path = folder / f"{file.stem}.jpg"
        ImageOps.fit(picture, (THUMBNAIL_SIDE, THUMBNAIL_SIDE)).save(path, quality=82)
        made.append(path)
    return made


def made_of(weights: Path) -> str:
    """SHA-256 of the weights, their configuration, the portrait and the clip."""
    total = hashlib.sha256()
    for file in (weights / CONFIG, weights / WEIGHTS, PORTRAIT, DRIVING):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _narrow(portrait: np.ndarray, files: dict[str, Path]) -> Iterator[np.ndarray]:
    clips = [read_frames(files[name]) for name in VARIANTS]
    for driving, *images in zip(read_frames(DRIVING), *clips, strict=True):
        panes = {"portrait": portrait, "driving clip": driving}
        panes |= {LABELS[name]: image for name, image in zip(VARIANTS, images, strict=True)}
        yield grid(panes, columns=2)


def _write(path: Path, like: Path, frames: Iterable[np.ndarray]) -> None:
    with VideoWriter(path, probe(like).fps, comment=MARK, crf=QUALITY) as writer:
        for frame in frames:
            writer.write(frame)
