"""Which videos are finished: one JSON file each, so that a stopped run goes on where it was."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from ostnet.dataset.manifest import write_if_changed
from ostnet.dataset.prepare.cutting import Clip, Result
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip
from ostnet.dataset.prepare.source_videos import Video


class Store:
    """``done/`` below the output folder.

    A finished video stays finished as long as its size in bytes, its annotations and the settings
    of its clips are the same, and its clips are there.
    """

    def __init__(self, config: PrepareConfig):
        self.output = config.output
        self._settings = config.clip_settings()

    def open(self) -> None:
        """Make the folders, and clear away what a killed run left half-written."""
        (self.output / "done").mkdir(parents=True, exist_ok=True)
        for rest in (self.output / "clips").glob(".ostnet-*"):
            shutil.rmtree(rest, ignore_errors=True)

    def has(self, video: Video) -> bool:
        """Whether a video is finished."""
        known = self._read(video)
        return (
            known is not None
            and known["made_from"] == self._made_from(video)
            and all((self.output / clip["file"]).is_file() for clip in known["clips"])
        )

    def load(self, video: Video) -> Result:
        """The result of a finished video."""
        known = self._read(video)
        clips = [Clip(**clip) for clip in known["clips"]]
        return Result(clips, [Skip(**skip) for skip in known["skips"]])

    def clear(self, video: Video) -> None:
        """Forget an outdated result and its clips."""
        known = self._read(video)
        if known is not None:
            self._path(video).unlink()
            for clip in known["clips"]:
                (self.output / clip["file"]).unlink(missing_ok=True)

    def save(self, video: Video, result: Result) -> None:
        """Keep a result; its file appears only when complete."""
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
