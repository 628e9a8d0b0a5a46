"""Shards: tar files with the clips of a data set, in the layout of WebDataset.

A data folder has ``shards/SPLIT-000000.tar`` and so on, with members ``KEY.mp4`` (or .avi, .mkv,
.webm; .png, .jpg for stills) and ``KEY.json`` with file, identity, kind, split and frames as in the
manifest.
"""

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.dataset.manifest import KINDS, READ_COLUMNS, write_if_changed, write_manifest
from ostnet.errors import InputError

BLOCK = tarfile.BLOCKSIZE
"""Size of a member's header, and block size of its content, in bytes."""

DESCRIBED = ("file", "identity", "kind", "split", "frames")
"""Columns of the manifest in a clip's JSON member."""


@dataclass(frozen=True)
class Sample:
    """An undecoded clip or still of a shard."""

    file: str
    """Path in the manifest, also the key of its landmarks."""
    identity: str
    kind: str
    frames: int
    suffix: str
    """Suffix of the media file, such as ``.mp4``."""
    media: bytes

    def decode(self, indices: np.ndarray, resolution: int) -> list[np.ndarray]:
        """Return the frames at rising ``indices``, uint8 RGB (R, R, 3); fewer if the file ends.

        Raises:
            ValueError: it cannot be decoded or is not square.
        """
        from ostnet.dataset.frames import read_frames  # imports OpenCV, which writing does not need

        with tempfile.NamedTemporaryFile(suffix=self.suffix) as copy:
            copy.write(self.media)
            copy.flush()
            still = self.kind == "still"
            return list(read_frames(Path(copy.name), indices, resolution, still))


def find_shards(folder: Path | str, split: str) -> list[Path]:
    """Return the shards of a split, by name. Raises InputError if there is none."""
    found = sorted((Path(folder) / "shards").glob(f"{split}-*.tar"))
    if not found:
        raise InputError(
            f"data folder {folder}: no shard shards/{split}-*.tar found; write shards with "
            "`ostnet prepare --shards`, or train without --stream"
        )
    return found


def read_shard(path: Path, part: int = 0, parts: int = 1) -> Iterator[Sample]:
    """Yield the samples of a shard in order; reader ``part`` of ``parts`` takes every parts-th.

    Samples without media or with a bad description are left out. Raises tarfile.TarError or OSError
    for a damaged file.
    """
    waiting: dict[str, dict[str, bytes]] = {}
    order: dict[str, int] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile():
                continue
            key, _, suffix = member.name.rpartition(".")
            if order.setdefault(key, len(order)) % parts != part:
                continue
            members = waiting.setdefault(key, {})
            file = archive.extractfile(member)
            members[suffix] = file.read() if file else b""
            if len(members) == 2 and "json" in members:
                sample = _sample(key, waiting.pop(key))
                if sample:
                    yield sample


def _sample(key: str, members: dict[str, bytes]) -> Sample | None:
    try:
        known = json.loads(members.pop("json"))
        (suffix, media), *_ = members.items()
        kind, frames = known.get("kind", "clip"), int(known.get("frames") or 0)
    except (ValueError, AttributeError, TypeError):
        return None
    if kind not in KINDS or (kind == "clip" and frames < 2):
        return None
    file = known.get("file") or key
    return Sample(file, known.get("identity") or file, kind, max(frames, 1), f".{suffix}", media)


def unpack(folder: Path | str, split: str, limit: int, into: Path) -> Path:
    """Write the first ``limit`` samples of a split as a data folder; return ``into``."""
    rows = []
    for shard in find_shards(folder, split):
        for sample in read_shard(shard):
            if len(rows) == limit:
                break
            name = f"{len(rows):05d}{sample.suffix}"
            into.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(sample.media)
            values = (name, sample.kind, split, sample.identity, sample.frames)
            rows.append(dict(zip(READ_COLUMNS, values, strict=True)))
    if not rows:
        raise InputError(f"data folder {folder}: the shards of split {split!r} hold no sample")
    write_manifest(into, rows, READ_COLUMNS)
    return into


@dataclass(frozen=True)
class _Member:
    """A clip that is written into a shard."""

    key: str
    video: Path
    description: bytes
    size: int
    """Its size in a tar file, in bytes."""


def write_shards(output: Path, rows: Sequence[Mapping[str, object]], megabytes: int) -> list[Path]:
    """Write the clips of a data folder as shards, unless they exist already; return them in order.

    Args:
        output: the data folder; ``shards/index.json`` in it lists the clips of each shard.
        rows: of its manifest.
        megabytes: largest size of a shard, in units of 1,000,000 bytes.

    Raises:
        InputError: a single clip is too large.
    """
    plan = _plan(output, rows, megabytes * 1_000_000)
    folder = output / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    index = {
        name: {s.key: [json.loads(s.description)["file"], s.size] for s in samples}
        for name, samples in plan.items()
    }
    text = json.dumps(index, indent=1) + "\n"
    known = folder / "index.json"
    paths = [folder / name for name in plan]
    if known.is_file() and known.read_text() == text and all(path.is_file() for path in paths):
        return paths
    known.unlink(missing_ok=True)
    for old in folder.glob("*.tar*"):
        old.unlink()
    for name, samples in plan.items():
        _write(folder / name, samples)
    write_if_changed(known, text)
    return paths


def _plan(
    output: Path, rows: Sequence[Mapping[str, object]], limit: int
) -> dict[str, list[_Member]]:
    """Return name of a shard -> its members."""
    plan: dict[str, list[_Member]] = {}
    count, number, size = 0, {}, {}
    for row in sorted(rows, key=_mixed):
        sample = _member(output, row, f"{count:06d}")
        if _archive(sample.size) > limit:
            raise InputError(
                f"shard_mb: {row['file']} alone takes {_archive(sample.size) / 1e6:.1f} MB; "
                "give a larger value"
            )
        split = row["split"]
        if split not in number or _archive(size[split] + sample.size) > limit:
            number[split], size[split] = number.get(split, -1) + 1, 0
        plan.setdefault(f"{split}-{number[split]:06d}.tar", []).append(sample)
        size[split] += sample.size
        count += 1
    return dict(sorted(plan.items()))


def _mixed(row: Mapping[str, object]) -> bytes:
    """Return a sort key that mixes identities, the same for the same clips."""
    return hashlib.sha256(str(row["file"]).encode()).digest()


def _member(output: Path, row: Mapping[str, object], key: str) -> _Member:
    description = json.dumps({name: row[name] for name in DESCRIBED}).encode()
    video = output / str(row["file"])
    contents = (video.stat().st_size, len(description))
    size = sum(BLOCK + -(-content // BLOCK) * BLOCK for content in contents)
    return _Member(key, video, description, size)


def _archive(size: int) -> int:
    """Return the size of a tar file: its members and two empty blocks, padded to a record."""
    return -(-(size + 2 * BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _write(path: Path, samples: Sequence[_Member]) -> None:
    """Write a tar file atomically; its bytes depend only on its contents."""
    partial = path.with_name(path.name + ".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        for sample in samples:
            for suffix, content in (
                (".mp4", sample.video.read_bytes()), (".json", sample.description)
            ):  # fmt: skip
                member = tarfile.TarInfo(sample.key + suffix)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    partial.replace(path)
