"""The clips once more as WebDataset shards: tar files that training reads from end to end.

``shards/SPLIT-000000.tar``, ... hold the members ``000012.mp4`` and ``000012.json``, one pair after
the other; the JSON says file, identity, kind, split and frames as the manifest does. Clips lie in
an order that mixes people, the same for the same clips.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.preparing.manifest import Entry
from ostnet.preparing.store import write_if_changed

BLOCK = tarfile.BLOCKSIZE
"""Bytes that a member's header takes, and to which its content is filled up."""

IN_JSON = ("file", "identity", "kind", "split", "frames")


@dataclass(frozen=True)
class _Sample:
    key: str
    video: Path
    description: bytes
    size: int
    """Bytes in a tar file."""


def write_shards(output: Path, chosen: Sequence[Entry], megabytes: int) -> list[Path]:
    """Write ``output/shards``, each file at most ``megabytes`` MB; the shards, in order.

    ``shards/index.json`` says which clips each holds. Where it already does, nothing is written.
    Raises InputError where a single clip is too large.
    """
    plan = _plan(output, chosen, megabytes * 1_000_000)
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


def _plan(output: Path, chosen: Sequence[Entry], limit: int) -> dict[str, list[_Sample]]:
    """Name of a shard -> what it holds."""
    plan: dict[str, list[_Sample]] = {}
    count, number, size = 0, {}, {}
    for entry in sorted(chosen, key=_mixed):
        sample = _sample(output, entry, f"{count:06d}")
        if _archive(sample.size) > limit:
            raise InputError(
                f"shard_mb: {entry.clip.file} alone takes {_archive(sample.size) / 1e6:.1f} MB; "
                "give more"
            )
        split = entry.split
        if split not in number or _archive(size[split] + sample.size) > limit:
            number[split], size[split] = number.get(split, -1) + 1, 0
        plan.setdefault(f"{split}-{number[split]:06d}.tar", []).append(sample)
        size[split] += sample.size
        count += 1
    return dict(sorted(plan.items()))


def _mixed(entry: Entry) -> bytes:
    return hashlib.sha256(entry.clip.file.encode()).digest()


def _sample(output: Path, entry: Entry, key: str) -> _Sample:
    row = entry.row()
    description = json.dumps({name: row[name] for name in IN_JSON}).encode()
    video = output / entry.clip.file
    contents = (video.stat().st_size, len(description))
    size = sum(BLOCK + -(-content // BLOCK) * BLOCK for content in contents)
    return _Sample(key, video, description, size)


def _archive(size: int) -> int:
    """Bytes of a tar file with members of that size: two empty blocks, filled up to a record."""
    return -(-(size + 2 * BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _write(path: Path, samples: Sequence[_Sample]) -> None:
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
