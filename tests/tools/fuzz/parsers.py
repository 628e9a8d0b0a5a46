"""Every parser of bytes from outside, as a function that a fuzzer can call.

Each takes bytes and an empty folder. An InputError is a right answer; anything else that is raised,
a hang or a crash is a finding.
"""

import argparse
import contextlib
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

from small_models import SMALL

from ostnet.backends.manifest import Manifest
from ostnet.batch.job_list import read_rows as read_jobs
from ostnet.cli import values
from ostnet.config import ModelConfig
from ostnet.dataset.manifest import read_rows
from ostnet.dataset.prepare.annotations import read_annotations
from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, Dataset
from ostnet.evaluation.data.pair_list import read_pairs
from ostnet.media.ffmpeg import read_ppm
from ostnet.media.image import read_image
from ostnet.media.timeline import parse_framecrc
from ostnet.model.ostnet import OSTNet
from ostnet.model.weights import check_weights
from ostnet.options import AnimateOptions

CORPUS = Path(__file__).parent / "corpus"


def picture(content: bytes, folder: Path) -> None:
    """A portrait, of any kind."""
    image = read_image(written(folder / "p", content), sandboxed=False)
    assert image.dtype == "uint8" and image.shape[2:] == (3,)


def listing(content: bytes, folder: Path) -> None:
    """ffmpeg's list of a clip's packets."""
    timeline = parse_framecrc(content.splitlines(keepends=True))
    if timeline is not None:
        rate = timeline.rate(None)
        assert rate > 0 and timeline.count > 0
        timeline.is_steady(rate)
        timeline.layout(rate)


def pictures(content: bytes, folder: Path) -> None:
    """Decoded pictures from ffmpeg's pipe."""
    pipe = io.BytesIO(content)
    while read_ppm(pipe) is not None:
        pass


def weights(content: bytes, folder: Path) -> None:
    """The header of a file of weights."""
    check_weights(outline(), written(folder / "model.safetensors", content))


def configuration(content: bytes, folder: Path) -> None:
    """config.json beside them, as `ostnet.hub.lookup` reads it."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):  # as there
        ModelConfig.from_dict(json.loads(content.decode()))


def graphs(content: bytes, folder: Path) -> None:
    """manifest.json of built graphs."""
    written(folder / "manifest.json", content)
    with contextlib.suppress(ValueError):  # as its readers
        Manifest.read(folder)


def jobs(content: bytes, folder: Path) -> None:
    """The table of a batch, of both kinds."""
    for name in ("jobs.csv", "jobs.jsonl"):
        with contextlib.suppress(InputError):
            assert read_jobs(written(folder / name, content))


def data_set(content: bytes, folder: Path) -> None:
    """manifest.csv of a data folder."""
    written(folder / "manifest.csv", content)
    read_rows(folder, "train")


def annotations(content: bytes, folder: Path) -> None:
    """VoxCeleb's table, and the text of one of its tracks."""
    with contextlib.suppress(InputError):
        read_annotations(written(folder / "vox-metadata.csv", content))
    track = folder / "tracks" / "id00001" / "abc"
    track.mkdir(parents=True, exist_ok=True)
    written(track / "00001.txt", content)
    read_annotations(folder / "tracks")


def pairs(content: bytes, folder: Path) -> None:
    """A list of pairs to be evaluated."""
    clips = [Clip(f"{name}.mp4", name, 9) for name in ("ann", "bob")]
    read_pairs(written(folder / "pairs.csv", content), Dataset(folder, "manifest", "val", clips), 2)


def words(content: bytes, folder: Path) -> None:
    """The value of a command-line flag."""
    text = content.decode("utf-8", "surrogateescape")
    for parser in (values.repository, values.pinned_repository, values.whole_number(1)):
        with contextlib.suppress(argparse.ArgumentTypeError, InputError):
            parser(text)
    for option in fields(AnimateOptions):
        with contextlib.suppress(InputError):
            AnimateOptions(**{option.name: text})


PARSERS: dict[str, Callable[[bytes, Path], None]] = {
    parser.__name__: parser
    for parser in (
        *(picture, listing, pictures, weights, configuration, graphs),
        *(jobs, data_set, annotations, pairs, words),
    )
}


def parse(name: str, content: bytes, folder: Path) -> None:
    """Give bytes to a parser; they are read or refused."""
    with warnings.catch_warnings(), contextlib.suppress(InputError):
        warnings.simplefilter("ignore")
        PARSERS[name](content, folder)


def seeds(name: str) -> list[Path]:
    """The committed inputs of a parser: found by fuzzing, each of which reaches other code."""
    return sorted((CORPUS / name).iterdir())


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@lru_cache
def outline() -> OSTNet:
    """Networks without memory, to compare shapes with."""
    return OSTNet.outline(SMALL)
