"""Frames of a data folder, decoded once in the background and sampled at random.

A data folder holds ``manifest.csv`` (columns file, kind ``clip`` or ``still``, split, identity and,
if known, frames), the files it names, and optionally ``landmarks.npz`` (per file (frames, 70, 2)).
Shapes: N frames in the store, B batch, P = 70 landmarks, R resolution.
"""

import hashlib
import math
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path

import numpy as np
import torch

from ostnet import landmarks, threads
from ostnet.dataset.frames import read_frames
from ostnet.dataset.landmark_file import LandmarkFile
from ostnet.dataset.manifest import Row, read_rows
from ostnet.errors import InputError
from ostnet.training.config import TrainConfig
from ostnet.training.pairs import Batch, ClipFrames, ClipTable, evenly_spaced, liveliest
from ostnet.training.rng import Generator, rand

CANDIDATES = 6  # pairs of which the liveliest is taken


class FrameStore:
    """All frames of one split as one uint8 tensor (N, 3, R, R), filled by background threads.

    Sampling may start once ``wait(min_clips)`` returns, from the clips decoded by then; a run is
    reproducible once ``complete`` is true. On a CPU the tensor is a memory-mapped cache file.

    Raises:
        InputError: no usable manifest, no clip of the split, or no such identity to leave out.
    """

    def __init__(
        self, config: TrainConfig, split: str = "train", device: torch.device | str = "cpu"
    ):
        self.config, self.split, self.device = config, split, torch.device(device)
        folder = Path(config.data)
        rows = read_rows(folder, split, config.leave_out)
        order = np.random.default_rng(config.seed).permutation(len(rows))
        self._rows = [rows[i] for i in order]
        known = LandmarkFile(folder)
        self._kept = [self._choose(row, known) for row in self._rows]
        self._starts = np.cumsum([0, *map(len, self._kept)], dtype=np.int64)
        self.frames, self._lengths = allocate(
            self._rows, self._kept, config.resolution, self.device, config.cache
        )
        self.landmarks = self._load_landmarks(known).to(self.device)  # (N, P, 2)
        self.openings = torch.from_numpy(landmarks.openings(self.landmarks.cpu().numpy()))
        """(N, 2): how far mouth and eyes are open in each frame; NaN where unknown."""
        self.skipped: list[tuple[str, str]] = []  # (file, reason) of the files that cannot be read
        self._ready: list[ClipFrames] = []
        self._tables: tuple[int, ClipTable | None, ClipTable | None] = (-1, None, None)
        self._changed = threading.Condition()
        self._pending = len(self._rows)
        self._stopped = False
        self._start_workers()

    def wait(self, min_clips: int | None = None) -> None:
        """Block until ``min_clips`` clips (stills excluded) are decoded; None: until all files are.

        Raises:
            InputError: no clip of the split can be read.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self.complete or self._clip_count() >= (min_clips or math.inf)
            )
            if not self._clip_count():
                found = "; ".join(f"{file}: {reason}" for file, reason in self.skipped[:3])
                raise InputError(
                    f"data folder {self.config.data}: none of the clips of split "
                    f"{self.split!r} can be read ({found}); expected square video files"
                )

    @property
    def clips(self) -> list[ClipFrames]:
        """Return the clips and stills decoded so far, sorted by file."""
        return sorted(self._ready, key=lambda clip: clip.file)

    @property
    def complete(self) -> bool:
        """Return whether every file has been decoded or skipped."""
        return self._pending == 0

    def gather(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images (B, 3, R, R) in [0, 1] and landmarks (B, P, 2) of frame indices (B,)."""
        indices = indices.to(self.device, non_blocking=True)
        images = self.frames.index_select(0, indices).to(torch.float32).div_(255)
        return images, self.landmarks.index_select(0, indices)

    def sample(self, batch: int, generator: Generator) -> Batch:
        """Draw B = ``batch`` training pairs, balanced over identities.

        A pair is two distinct random frames of a random clip of a random identity or, with
        probability ``still_share``, one still twice. The generator must be on the CPU.
        """
        indices, is_still = self.draw(batch, generator)
        images, points = self.gather(indices)
        return Batch(
            *images.split(batch),
            *points.split(batch),
            is_still=torch.from_numpy(is_still).to(self.device, non_blocking=True),
        )

    def sample_landmarks(
        self, batch: int, generator: Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw pairs as ``sample`` does; return their landmarks alone, (B, P, 2) each."""
        indices, _ = self.draw(batch, generator)
        return self.landmarks.index_select(0, indices.to(self.device)).split(batch)  # pyright: ignore[reportReturnType]

    def draw(self, batch: int, generator: Generator) -> tuple[torch.Tensor, np.ndarray]:
        """Return frame indices (2 B,), sources then driving frames, and a mask of stills (B,)."""
        if not self.config.lively_share:
            return self._draw(batch, generator)
        indices, is_still = self._draw(CANDIDATES * batch, generator)
        source, driving = indices.split(CANDIDATES * batch)
        change = (self.openings[source] - self.openings[driving]).abs()  # mouth, eyes
        change = torch.nan_to_num(change).view(batch, CANDIDATES, 2)
        u = rand((batch, 2), generator)
        part = (u[:, 0] < 0.5).long()  # 0: mouth, 1: eyes
        best = change.gather(2, part[:, None, None].expand(-1, CANDIDATES, 1))[..., 0].argmax(1)
        best = torch.where(u[:, 1] < self.config.lively_share, best, 0)
        chosen = CANDIDATES * torch.arange(batch) + best
        return torch.cat([source[chosen], driving[chosen]]), is_still[chosen.numpy()]

    def _draw(self, batch: int, generator: Generator) -> tuple[torch.Tensor, np.ndarray]:
        clips, stills = self._current_tables()
        u = rand((batch, 5), generator, torch.float64).numpy().T
        is_still = u[0] < (self.config.still_share if stills else 0)
        source, driving = clips.pairs(u[1:])
        if stills:
            pictures, _ = stills.pairs(u[1:])
            source = np.where(is_still, pictures, source)
            driving = np.where(is_still, pictures, driving)
        return torch.from_numpy(np.concatenate([source, driving])), is_still

    def close(self) -> None:
        """Stop decoding, and wait until the threads have ended."""
        threads.end(*self._workers)

    def _stop(self) -> None:
        self._stopped = True

    def _clip_count(self) -> int:
        return sum(not clip.is_still for clip in self._ready)

    def _current_tables(self) -> tuple[ClipTable, ClipTable | None]:
        known, clips, stills = self._tables
        if known != len(self._ready) or clips is None:
            ready = list(self._ready)
            videos = [clip for clip in ready if not clip.is_still]
            pictures = [clip for clip in ready if clip.is_still]
            if not videos:
                raise RuntimeError("no clip is decoded yet: call wait(min_clips) before sample()")
            clips, stills = ClipTable(videos), ClipTable(pictures) if pictures else None
            self._tables = (len(ready), clips, stills)
        return clips, stills

    def _choose(self, row: Row, known: LandmarkFile) -> np.ndarray:
        """Return the indices of the frames of a file to keep."""
        limit = self.config.max_frames_per_clip
        points = known.read(row.file) if row.kind == "clip" and limit is not None else None
        if points is None or len(points) != row.frames:
            return evenly_spaced(row.frames, limit)
        return liveliest(points, limit)

    def _load_landmarks(self, known: LandmarkFile) -> torch.Tensor:
        points = np.full((self._starts[-1], landmarks.POINTS, 2), np.nan, dtype=np.float32)
        for start, row, wanted in zip(self._starts, self._rows, self._kept, strict=False):
            found = known.read(row.file)
            if found is not None:
                wanted = wanted[wanted < len(found)]
                points[start : start + len(wanted)] = found[wanted]
        return torch.from_numpy(points)

    def _start_workers(self) -> None:
        todo = []
        for number, length in enumerate(self._lengths.tolist()):
            if length > 0:
                self._finish(number, length)
            else:
                todo.append(number)
        numbers = iter(todo)  # shared by the threads: each takes the next number
        self._workers = [
            threads.start(partial(self._work, numbers), self._stop)
            for _ in range(workers(self.config, self.device))
        ]

    def _work(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            length, reason = self._decode(number)
            if self._stopped:  # in the middle of the file
                return
            self._lengths[number] = length
            self._finish(number, length, reason)

    def _decode(self, number: int) -> tuple[int, str]:
        """Decode one file into its place; return the frames kept and, if none, the reason."""
        row, start = self._rows[number], int(self._starts[number])
        try:
            size, still = self.config.resolution, row.kind == "still"
            decoded = read_frames(row.path, self._kept[number], size, still)
            images = list(takewhile(lambda _: not self._stopped, decoded))
            if not images:
                return 0, "no frame can be decoded"
            stack = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
            self.frames[start : start + len(images)] = stack.to(self.device)
            return len(images), ""
        except Exception as error:  # if a worker died, wait() would never return
            return 0, f"{type(error).__name__}: {error}"

    def _finish(self, number: int, length: int, reason: str = "") -> None:
        row, start = self._rows[number], int(self._starts[number])
        with self._changed:
            if length:
                weight = self.config.generated_weight if row.generated else 1.0
                about = row.file, row.identity, row.kind == "still", start, length, weight
                self._ready.append(ClipFrames(*about))
            else:
                self.skipped.append((row.file, reason))
            self._pending -= 1
            self._changed.notify_all()


def workers(config: TrainConfig, device: torch.device) -> int:
    """Return the number of threads that decode."""
    return config.workers or (12 if device.type == "cuda" else 2)


def allocate(
    rows: list[Row],
    kept: list[np.ndarray],
    resolution: int,
    device: torch.device,
    cache: str | None,
) -> tuple[torch.Tensor, np.ndarray]:
    """Return memory for the frames (N, 3, R, R) uint8 and, per file, how many are decoded already.

    -1: not decoded yet, 0: unreadable. On a CPU both are views of cache files; a changed video,
    another ``resolution`` or other frames ``kept`` make new ones.

    Raises:
        InputError: the cache folder or the GPU has too little room.
    """
    total = sum(len(indices) for indices in kept)
    shape = (total, 3, resolution, resolution)
    undecoded = np.full(len(rows), -1, dtype=np.int32)
    if device.type != "cpu":
        try:
            return torch.empty(shape, dtype=torch.uint8, device=device), undecoded
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"data: {total} frames of {len(rows)} files take {math.prod(shape) / 1e9:.1f} GB, "
                f"more than {device} has left; stream shards (--stream), or lower "
                "--max-frames-per-clip or --resolution"
            ) from error
    folder = Path(cache or Path.home() / ".cache" / "ostnet" / "frames")
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr(shape).encode())
    for row, indices in zip(rows, kept, strict=True):
        key.update(repr((row.file, indices.tolist(), *row.fingerprint())).encode())
    stem = folder / key.hexdigest()[:20]
    frames_file, lengths_file = stem.with_suffix(".frames"), stem.with_suffix(".lengths.npy")
    known = frames_file.exists() and lengths_file.exists()
    if not known:
        if (free := shutil.disk_usage(folder).free) < math.prod(shape):
            raise InputError(
                f"frame cache {folder}: {math.prod(shape) / 1e9:.1f} GB are needed, "
                f"{free / 1e9:.1f} GB are free; choose another cache folder, a lower resolution or "
                "fewer frames a clip"
            )
        np.save(lengths_file, undecoded)
    frames = np.memmap(frames_file, np.uint8, mode="r+" if known else "w+", shape=shape)
    return torch.from_numpy(frames), np.lib.format.open_memmap(lengths_file, mode="r+")
