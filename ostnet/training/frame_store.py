"""Frames of a data folder, decoded once in the background and drawn from at random.

A data folder holds ``manifest.csv`` (columns file, kind ``clip`` or ``still``, split, identity and,
if known, frames), the files it names, and perhaps ``landmarks.npz`` (per file (frames, 70, 2)).
Shapes: N frames in the store, B batch, P = 70 landmarks, R resolution.
"""

import math
import queue
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ostnet import landmarks
from ostnet.dataset.frames import read_frames
from ostnet.dataset.landmark_file import LandmarkFile
from ostnet.dataset.manifest import Row, read_rows
from ostnet.errors import InputError
from ostnet.training.frame_choice import lively, spaced
from ostnet.training.frame_memory import allocate
from ostnet.training.pairs import Batch, Clip, ClipTable
from ostnet.training.rng import Generator, rand

CANDIDATES = 6
"""Pairs drawn for each pair of which the liveliest is taken."""


@dataclass(frozen=True)
class DataConfig:
    """What a frame store holds and where."""

    folder: Path | str
    """Data folder with ``manifest.csv``."""

    split: str = "train"
    """Rows of the manifest to use."""

    leave_out: tuple[str, ...] = ()
    """Identities of the split whose clips and stills are not used."""

    resolution: int = 256
    """Side R of the square frames that are kept, in pixels."""

    max_frames_per_clip: int | None = None
    """Keep this many frames of a clip; None: all. Half of them are evenly spaced, the others show
    closed eyes and open mouths, where landmarks tell; all are evenly spaced where none do."""

    cache_dir: Path | str | None = None
    """Where decoded frames are kept between runs on a CPU; None: ``~/.cache/ostnet/frames``.
    On a GPU the frames live in its memory and are decoded anew by each run."""

    device: str = "cpu"
    """Where the frames live and batches are made."""

    workers: int = 2
    """Background threads that decode."""

    still_fraction: float = 0.15
    """Chance that a pair of a batch is a still (drawn twice) rather than two frames of a clip."""

    lively_share: float = 0.0
    """Share of the pairs whose eyes or mouth differ most among ``CANDIDATES`` drawn for each."""

    generated_weight: float = 1.0
    """How often people of synthesised footage are drawn, against others."""

    seed: int = 0
    """Seed of the order of decoding."""


class FrameStore:
    """All frames of one split as one uint8 tensor (N, 3, R, R), filled by background threads.

    Sampling may start once ``wait(min_clips)`` returns; it draws from what is decoded by then, so a
    run is reproducible from the moment that ``complete`` is true. On a CPU the tensor is a
    memory-mapped cache file, so it costs no more memory than the system has to spare.

    Raises InputError if the folder has no usable manifest, no clip of the split or no such identity
    to leave out.
    """

    def __init__(self, config: DataConfig):
        self.config = config
        self.device = torch.device(config.device)
        rows = read_rows(Path(config.folder), config.split, config.leave_out)
        order = np.random.default_rng(config.seed).permutation(len(rows))
        self._rows = [rows[i] for i in order]
        known = LandmarkFile(Path(config.folder))
        self._kept = [self._choose(row, known) for row in self._rows]
        kept = [len(indices) for indices in self._kept]
        self._starts = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        self.frames, self._lengths = allocate(
            self._rows,
            self._kept,
            config.resolution,
            self.device,
            config.cache_dir,
        )
        self.landmarks = self._load_landmarks(known).to(self.device)  # (N, P, 2)
        self.openings = torch.from_numpy(landmarks.openings(self.landmarks.cpu().numpy()))
        """(N, 2): how far mouth and eyes are open in each frame; NaN where unknown."""
        self.skipped: list[tuple[str, str]] = []
        """(file, reason) of the files that cannot be read."""
        self._ready: list[Clip] = []
        self._tables: tuple[int, ClipTable | None, ClipTable | None] = (-1, None, None)
        self._changed = threading.Condition()
        self._pending = len(self._rows)
        self._stopped = False
        self._start_workers()

    def wait(self, min_clips: int | None = None) -> None:
        """Block until ``min_clips`` clips (stills apart) are decoded; None: until all files are.

        Raises InputError if not a single clip of the split can be read.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self.complete or self._clip_count() >= (min_clips or math.inf)
            )
            if not self._clip_count():
                found = "; ".join(f"{file}: {reason}" for file, reason in self.skipped[:3])
                raise InputError(
                    f"data folder {self.config.folder}: none of the clips of split "
                    f"{self.config.split!r} can be read ({found}); expected square video files"
                )

    @property
    def clips(self) -> list[Clip]:
        """Clips and stills decoded so far, ordered by file."""
        return sorted(self._ready, key=lambda clip: clip.file)

    @property
    def complete(self) -> bool:
        """True once every file has been decoded or skipped."""
        return self._pending == 0

    def gather(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Frame indices (B,) -> images (B, 3, R, R) float32 in [0, 1], landmarks (B, P, 2)."""
        indices = indices.to(self.device, non_blocking=True)
        images = self.frames.index_select(0, indices).to(torch.float32).div_(255)
        return images, self.landmarks.index_select(0, indices)

    def sample(self, batch: int, generator: Generator) -> Batch:
        """Draw B = ``batch`` training pairs, identities balanced.

        A pair is two distinct random frames of a random clip of a random identity or, with
        probability ``still_fraction``, one still twice. The generator is one of the CPU.
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
        """Landmarks alone, (B, P, 2) of source and driving frame, of pairs drawn as by sample()."""
        indices, _ = self.draw(batch, generator)
        return self.landmarks.index_select(0, indices.to(self.device)).split(batch)

    def draw(self, batch: int, generator: Generator) -> tuple[torch.Tensor, np.ndarray]:
        """Frame indices (2 B,), sources then driving frames, and which pairs are stills (B,)."""
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
        is_still = u[0] < (self.config.still_fraction if stills else 0)
        source, driving = clips.pairs(u[1:])
        if stills:
            pictures, _ = stills.pairs(u[1:])
            source = np.where(is_still, pictures, source)
            driving = np.where(is_still, pictures, driving)
        return torch.from_numpy(np.concatenate([source, driving])), is_still

    def close(self) -> None:
        """Stop decoding what is not decoded yet."""
        self._stopped = True

    def _clip_count(self) -> int:
        return sum(not clip.is_still for clip in self._ready)

    def _current_tables(self) -> tuple[ClipTable, ClipTable | None]:
        known, clips, stills = self._tables
        if known != len(self._ready):
            ready = list(self._ready)
            videos = [clip for clip in ready if not clip.is_still]
            pictures = [clip for clip in ready if clip.is_still]
            if not videos:
                raise RuntimeError("no clip is decoded yet: call wait(min_clips) before sample()")
            clips, stills = ClipTable(videos), ClipTable(pictures) if pictures else None
            self._tables = (len(ready), clips, stills)
        return clips, stills

    def _choose(self, row: Row, known: LandmarkFile) -> np.ndarray:
        """Indices of the frames of a file to keep."""
        limit = self.config.max_frames_per_clip
        points = known.read(row.file) if row.kind == "clip" and limit is not None else None
        if points is None or len(points) != row.frames:
            return spaced(row.frames, limit)
        return lively(points, limit)

    def _load_landmarks(self, known: LandmarkFile) -> torch.Tensor:
        points = np.full((self._starts[-1], landmarks.POINTS, 2), np.nan, dtype=np.float32)
        for start, row, wanted in zip(self._starts, self._rows, self._kept, strict=False):
            found = known.read(row.file)
            if found is not None:
                wanted = wanted[wanted < len(found)]
                points[start : start + len(wanted)] = found[wanted]
        return torch.from_numpy(points)

    def _start_workers(self) -> None:
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(self._rows)):
            if self._lengths[number] > 0:
                self._finish(number, int(self._lengths[number]))
            else:
                todo.put(number)
        for _ in range(self.config.workers):
            threading.Thread(target=self._work, args=(todo,), daemon=True).start()

    def _work(self, todo: queue.SimpleQueue) -> None:
        while not self._stopped:
            try:
                number = todo.get_nowait()
            except queue.Empty:
                return
            length, reason = self._decode(number)
            self._lengths[number] = length
            self._finish(number, length, reason)

    def _decode(self, number: int) -> tuple[int, str]:
        """Decode one file into its place -> number of frames kept, reason if none."""
        row, start = self._rows[number], int(self._starts[number])
        try:
            still = row.kind == "still"
            wanted = self._kept[number]
            images = list(read_frames(row.path, wanted, self.config.resolution, still))
            if not images:
                return 0, "no frame can be decoded"
            stack = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
            self.frames[start : start + len(images)] = stack.to(self.device)
            return len(images), ""
        except Exception as error:  # a worker that died would leave wait() waiting for ever
            return 0, f"{type(error).__name__}: {error}"

    def _finish(self, number: int, length: int, reason: str = "") -> None:
        row, start = self._rows[number], int(self._starts[number])
        with self._changed:
            if length:
                still = row.kind == "still"
                weight = self.config.generated_weight if row.generated else 1.0
                self._ready.append(Clip(row.file, row.identity, still, start, length, weight))
            else:
                self.skipped.append((row.file, reason))
            self._pending -= 1
            self._changed.notify_all()
