"""Results of finished videos on disk, and their rows of the manifest.

Each finished video has a JSON file, so that an interrupted run can be continued.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ostnet.dataset.manifest import PROVENANCE, READ_COLUMNS, write_if_changed, write_table
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.videos import Skip, Video


@dataclass(frozen=True)
class Clip:
    """A row of the manifest without its split."""

    file: str
    """Path relative to the output folder."""
    identity: str
    frames: int
    partition: str | None
    source: str
    start: float
    """Seconds into the source."""
    end: float
    left: int
    """Left edge of the square, in pixels of the source."""
    top: int
    side: int
    face: float
    """Median longer side of the face, in pixels of the source."""
    sharpness: float
    """See :func:`ostnet.dataset.prepare.quality.sharpness`."""
    lost: float
    """Share of the examined frames without the face."""


@dataclass
class Result:
    """The clips and skips of a video."""

    clips: list[Clip] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


class Store:
    """The folder ``done/`` in the output folder.

    A result is valid as long as the video's size in bytes, its annotations and the settings of its
    clips are the same, and its clips exist.
    """

    def __init__(self, config: PrepareConfig):
        self.output = config.output
        self._settings = config.clip_settings()

    def open(self) -> None:
        """Make the folder, and remove unfinished files of a killed run."""
        (self.output / "done").mkdir(parents=True, exist_ok=True)
        for rest in (self.output / "clips").glob(".ostnet-*"):
            shutil.rmtree(rest, ignore_errors=True)

    def has(self, video: Video) -> bool:
        """Return whether a video has a valid result."""
        known = self._read(video)
        return (
            known is not None
            and known["made_from"] == self._made_from(video)
            and all((self.output / clip["file"]).is_file() for clip in known["clips"])
        )

    def load(self, video: Video) -> Result:
        """Return the result of a finished video."""
        known = self._read(video)
        assert known is not None, "the video is not finished"
        clips = [Clip(**clip) for clip in known["clips"]]
        return Result(clips, [Skip(**skip) for skip in known["skips"]])

    def clear(self, video: Video) -> None:
        """Remove an outdated result and its clips."""
        known = self._read(video)
        if known is not None:
            self._path(video).unlink()
            for clip in known["clips"]:
                (self.output / clip["file"]).unlink(missing_ok=True)

    def save(self, video: Video, result: Result) -> None:
        """Write a result; its file appears only when complete."""
        known = {"made_from": self._made_from(video), **asdict(result)}
        write_if_changed(self._path(video), json.dumps(known, indent=1) + "\n")

    def _path(self, video: Video) -> Path:
        return self.output / "done" / f"{video.key}.json"

    def _read(self, video: Video) -> dict | None:
        path = self._path(video)
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def _made_from(self, video: Video) -> str:
        spans = [
            (span.identity, span.start, span.end, span.crop, span.track and span.track.name,
             span.partition)
            for span in video.spans
        ]  # fmt: skip
        parts = (sorted(self._settings.items()), video.path.stat().st_size, spans)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def manifest_rows(clips: Iterable[Clip], config: PrepareConfig) -> list[dict[str, object]]:
    """Return a row of the manifest for each clip, ordered by source and position in it."""
    return [
        _row(clip, split_of(clip.identity, clip.partition, config))
        for clip in sorted(clips, key=lambda clip: clip.file)
    ]


def _row(clip: Clip, split: str) -> dict[str, object]:
    known = {**asdict(clip), "kind": "clip", "split": split}
    return {name: known[name] for name in (*READ_COLUMNS, *PROVENANCE)}


def split_of(identity: str, partition: str | None, config: PrepareConfig) -> str:
    """Return train, val or test from a hash of the identity; the other identities do not matter.

    Test people of the annotations stay test, and their train people never become test.
    """
    if partition == "test":
        return "test"
    digest = hashlib.sha256(f"{config.seed}:{identity}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.val_share:
        return "val"
    if partition is None and place >= 1 - config.test_share:
        return "test"
    return "train"


def write_skips(path: Path, skips: Iterable[Skip]) -> None:
    """Write ``skipped.csv``."""
    columns = ("video", "start", "end", "reason")
    rows = sorted(
        ({name: getattr(skip, name) for name in columns} for skip in skips),
        key=lambda row: (row["video"], row["start"] or 0.0, row["end"] or 0.0, row["reason"]),
    )
    write_table(path, columns, rows)
