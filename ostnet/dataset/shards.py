"""Shards: tar files that hold a data set's clips once more, written and read from end to end.

A data folder holds ``shards/SPLIT-000000.tar`` and so on, with members ``KEY.mp4`` (or .avi, .mkv,
.webm; .png, .jpg for stills) and ``KEY.json``, which says file, identity, kind, split and frames as
the manifest does. This is the layout that WebDataset reads too.
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
"""Bytes that a member's header takes, and to which its content is filled up."""

DESCRIBED = ("file", "identity", "kind", "split", "frames")
"""Values of the manifest in a clip's JSON member."""


@dataclass(frozen=True)
class Sample:
    """One clip or still of a shard, not decoded yet."""

    file: str
    """Path as the manifest writes it: the key of its landmarks."""
    identity: str
    kind: str
    frames: int
    suffix: str
    """Of the media file: ``.mp4`` and so on."""
    media: bytes

    def decode(self, indices: np.ndarray, resolution: int) -> list[np.ndarray]:
        """The frames at rising ``indices``, uint8 RGB (R, R, 3); fewer if the file ends before.

        Raises ValueError if it cannot be decoded or is not square.
        """
        from ostnet.dataset.frames import read_frames  # OpenCV, which writing does without

        with tempfile.NamedTemporaryFile(suffix=self.suffix) as copy:
            copy.write(self.media)
            copy.flush()
            still = self.kind == "still"
            return list(read_frames(Path(copy.name), indices, resolution, still))


def find_shards(folder: Path | str, split: str) -> list[Path]:
    """The shards of a split, by name. Raises InputError if there is none."""
    found = sorted((Path(folder) / "shards").glob(f"{split}-*.tar"))
    if not found:
        raise InputError(
            f"data folder {folder}: no shard shards/{split}-*.tar found; expected some, as "
            "`ostnet prepare --shards` writes them, or train without --stream"
        )
    return found


def read_shard(path: Path, part: int = 0, parts: int = 1) -> Iterator[Sample]:
    """The samples of one shard, in its order; of ``parts`` readers this one takes each parts-th.

    A sample without description or media, or with a bad description, is left out. Raises
    tarfile.TarError or OSError where the file is damaged.
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
            members[suffix] = archive.extractfile(member).read()
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
    """Write the first ``limit`` samples of a split as a data folder of files; returns ``into``."""
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
    """What goes into a shard, and how much room it takes."""

    key: str
    video: Path
    description: bytes
    size: int
    """Bytes in a tar file."""


def write_shards(output: Path, rows: Sequence[Mapping[str, object]], megabytes: int) -> list[Path]:
    """Write the clips of a data folder as shards; where they are there already, nothing is written.

    Args:
        output: the data folder; ``shards/index.json`` in it says which clips each shard holds.
        rows: of its manifest.
        megabytes: largest size of a shard, in units of 1,000,000 bytes.

    Returns:
        The shards, in order.

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
    """Name of a shard -> what it holds."""
    plan: dict[str, list[_Member]] = {}
    count, number, size = 0, {}, {}
    for row in sorted(rows, key=_mixed):
        sample = _member(output, row, f"{count:06d}")
        if _archive(sample.size) > limit:
            raise InputError(
                f"shard_mb: {row['file']} alone takes {_archive(sample.size) / 1e6:.1f} MB; "
                "give more"
            )
        split = row["split"]
        if split not in number or _archive(size[split] + sample.size) > limit:
            number[split], size[split] = number.get(split, -1) + 1, 0
        plan.setdefault(f"{split}-{number[split]:06d}.tar", []).append(sample)
        size[split] += sample.size
        count += 1
    return dict(sorted(plan.items()))


def _mixed(row: Mapping[str, object]) -> bytes:
    """An order that mixes people, the same for the same clips."""
    return hashlib.sha256(str(row["file"]).encode()).digest()


def _member(output: Path, row: Mapping[str, object], key: str) -> _Member:
    description = json.dumps({name: row[name] for name in DESCRIBED}).encode()
    video = output / str(row["file"])
    contents = (video.stat().st_size, len(description))
    size = sum(BLOCK + -(-content // BLOCK) * BLOCK for content in contents)
    return _Member(key, video, description, size)


def _archive(size: int) -> int:
    """Bytes of a tar file with members of that size: two empty blocks, filled up to a record."""
    return -(-(size + 2 * BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _write(path: Path, samples: Sequence[_Member]) -> None:
    """One tar file, whose bytes follow from its contents; it appears when complete."""
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
