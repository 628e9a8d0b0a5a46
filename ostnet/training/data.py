"""Frames of a data folder, decoded once in the background and drawn from at random.

A data folder holds ``manifest.csv`` (columns file, kind ``clip`` or ``still``, split, identity and,
if known, frames), the files it names, and perhaps ``landmarks.npz`` (per file (frames, 70, 2)).
Shapes: N frames in the store, B batch, P tracked landmarks, R resolution.
"""

import hashlib
import math
import queue
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ostnet.errors import InputError
from ostnet.training import landmarks
from ostnet.training.manifest import read_frames, read_landmarks, read_rows, spaced


@dataclass(frozen=True)
class DataConfig:
    """What a frame store holds and where."""

    folder: Path | str
    """Data folder with ``manifest.csv``."""

    split: str = "train"
    """Rows of the manifest to use."""

    resolution: int = 256
    """Side R of the square frames that are kept, in pixels."""

    max_frames_per_clip: int | None = None
    """Keep this many evenly spaced frames of a clip; None: 48 on a CPU, all on a GPU."""

    cache_dir: Path | str | None = None
    """Where decoded frames are kept between runs on a CPU; None: ``~/.cache/ostnet/frames``.
    On a GPU the frames live in its memory and are decoded anew by each run."""

    device: str = "cpu"
    """Where the frames live and batches are made."""

    workers: int = 2
    """Background threads that decode."""

    still_fraction: float = 0.15
    """Chance that a pair of a batch is a still (drawn twice) rather than two frames of a clip."""

    seed: int = 0
    """Seed of the order of decoding and of the store's own draws."""

    @property
    def frame_limit(self) -> int | None:
        """``max_frames_per_clip`` with its default filled in."""
        if self.max_frames_per_clip is None and torch.device(self.device).type == "cpu":
            return 48
        return self.max_frames_per_clip


@dataclass(frozen=True)
class Clip:
    """Where the frames of one clip or still lie in the store."""

    file: str
    identity: str
    is_still: bool
    start: int
    length: int


@dataclass
class Batch:
    """B training pairs: images (B, 3, R, R) float32 in [0, 1], landmarks (B, P, 2) or NaN."""

    source: torch.Tensor
    driving: torch.Tensor
    source_landmarks: torch.Tensor
    driving_landmarks: torch.Tensor
    is_still: torch.Tensor
    """(B,) bool: source and driving are the same picture."""


class _Draw:
    """Draws rows of a clip table: an identity uniformly, then one of its clips."""

    def __init__(self, clips: list[Clip]):
        identities = sorted({clip.identity for clip in clips})
        number = {identity: index for index, identity in enumerate(identities)}
        clips = sorted(clips, key=lambda clip: (number[clip.identity], clip.start))
        self.start = np.array([clip.start for clip in clips], dtype=np.int64)
        self.length = np.array([clip.length for clip in clips], dtype=np.int64)
        self.count = np.bincount([number[clip.identity] for clip in clips])
        self.first = np.cumsum(self.count) - self.count

    def pairs(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Uniform numbers (4, B) -> frame indices (B,), (B,): distinct frames of one clip."""
        identity = np.int64(u[0] * len(self.count))
        row = self.first[identity] + np.int64(u[1] * self.count[identity])
        one = np.int64(u[2] * self.length[row])
        step = 1 + np.int64(u[3] * (self.length[row] - 1))  # 1 to length - 1
        return self.start[row] + one, self.start[row] + (one + step) % self.length[row]


class FrameStore:
    """All frames of one split as one uint8 tensor (N, 3, R, R), filled by background threads.

    Sampling may start once ``wait(min_clips)`` returns; it draws from what is decoded by then, so a
    run is reproducible from the moment that ``complete`` is true. On a CPU the tensor is a
    memory-mapped cache file, so it costs no more memory than the system has to spare.

    Raises InputError if the folder has no usable manifest or no clip of the split.
    """

    def __init__(self, config: DataConfig):
        self.config = config
        self.device = torch.device(config.device)
        rows = read_rows(Path(config.folder), config.split)
        order = np.random.default_rng(config.seed).permutation(len(rows))
        self._rows = [rows[i] for i in order]
        kept = [len(spaced(row.frames, config.frame_limit)) for row in self._rows]
        self._starts = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        self.frames, self._lengths = self._allocate(int(self._starts[-1]))
        self.landmarks = self._load_landmarks().to(self.device)  # (N, P, 2)
        self.skipped: list[tuple[str, str]] = []
        """(file, reason) of the files that cannot be read."""
        self._ready: list[Clip] = []
        self._draws: tuple[int, _Draw | None, _Draw | None] = (-1, None, None)
        self._generator = torch.Generator().manual_seed(config.seed)
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

    def sample(self, batch: int, generator: torch.Generator | None = None) -> Batch:
        """Draw B = ``batch`` training pairs, identities balanced.

        A pair is two distinct random frames of a random clip of a random identity or, with
        probability ``still_fraction``, one still twice. ``generator`` None: the store's own, whose
        state ``state_dict`` saves.
        """
        indices, is_still = self._pairs(batch, generator)
        images, points = self.gather(indices)
        return Batch(
            *images.split(batch),
            *points.split(batch),
            is_still=torch.from_numpy(is_still).to(self.device),
        )

    def sample_landmarks(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Landmarks alone, (B, P, 2) of source and driving frame, of pairs drawn as by sample()."""
        indices, _ = self._pairs(batch, None)
        return self.landmarks.index_select(0, indices.to(self.device)).split(batch)

    def _pairs(
        self, batch: int, generator: torch.Generator | None
    ) -> tuple[torch.Tensor, np.ndarray]:
        """Frame indices (2 B,), sources then driving frames, and which pairs are stills (B,)."""
        generator = generator or self._generator
        clips, stills = self._current_draws()
        u = torch.rand(5, batch, generator=generator, device=generator.device, dtype=torch.float64)
        u = u.cpu().numpy()
        is_still = u[0] < (self.config.still_fraction if stills else 0)
        source, driving = clips.pairs(u[1:])
        if stills:
            pictures, _ = stills.pairs(u[1:])
            source = np.where(is_still, pictures, source)
            driving = np.where(is_still, pictures, driving)
        return torch.from_numpy(np.concatenate([source, driving])), is_still

    def state_dict(self) -> dict[str, torch.Tensor]:
        """State of the store's own draws, for resuming a run."""
        return {"generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Continue the draws where ``state_dict`` was taken."""
        self._generator.set_state(state["generator"].cpu())

    def close(self) -> None:
        """Stop decoding what is not decoded yet."""
        self._stopped = True

    def _clip_count(self) -> int:
        return sum(not clip.is_still for clip in self._ready)

    def _current_draws(self) -> tuple[_Draw, _Draw | None]:
        known, clips, stills = self._draws
        if known != len(self._ready):
            ready = list(self._ready)
            videos = [clip for clip in ready if not clip.is_still]
            pictures = [clip for clip in ready if clip.is_still]
            if not videos:
                raise RuntimeError("no clip is decoded yet: call wait(min_clips) before sample()")
            clips, stills = _Draw(videos), _Draw(pictures) if pictures else None
            self._draws = (len(ready), clips, stills)
        return clips, stills

    def _load_landmarks(self) -> torch.Tensor:
        points = np.full((self._starts[-1], len(landmarks.TRACKED), 2), np.nan, dtype=np.float32)
        known = read_landmarks(Path(self.config.folder), [row.file for row in self._rows])
        for start, row in zip(self._starts, self._rows, strict=False):
            if row.file in known:
                wanted = spaced(row.frames, self.config.frame_limit)
                wanted = wanted[wanted < len(known[row.file])]
                tracked = known[row.file][:, list(landmarks.TRACKED)]
                points[start : start + len(wanted)] = tracked[wanted]
        return torch.from_numpy(points)

    def _allocate(self, total: int) -> tuple[torch.Tensor, np.ndarray]:
        """Frames (N, 3, R, R) and, per file, how many are decoded: -1 none yet, 0 unreadable."""
        shape = (total, 3, self.config.resolution, self.config.resolution)
        if self.device.type != "cpu":
            frames = torch.empty(shape, dtype=torch.uint8, device=self.device)
            return frames, np.full(len(self._rows), -1, dtype=np.int32)
        folder = Path(self.config.cache_dir or Path.home() / ".cache" / "ostnet" / "frames")
        folder.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256(repr((shape, self.config.frame_limit)).encode())
        for row in self._rows:
            key.update(repr((row.file, row.frames, *row.fingerprint())).encode())
        stem = folder / key.hexdigest()[:20]
        frames_file, lengths_file = stem.with_suffix(".frames"), stem.with_suffix(".lengths.npy")
        known = frames_file.exists() and lengths_file.exists()
        if not known:
            if shutil.disk_usage(folder).free < math.prod(shape):
                raise InputError(
                    f"frame cache {folder}: {math.prod(shape) / 1e9:.1f} GB are needed, "
                    f"{shutil.disk_usage(folder).free / 1e9:.1f} GB are free; choose another cache "
                    "folder, a lower resolution or fewer frames a clip"
                )
            np.save(lengths_file, np.full(len(self._rows), -1, dtype=np.int32))
        frames = np.memmap(frames_file, np.uint8, mode="r+" if known else "w+", shape=shape)
        return torch.from_numpy(frames), np.lib.format.open_memmap(lengths_file, mode="r+")

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
            wanted = spaced(row.frames, self.config.frame_limit)
            images = list(read_frames(row, wanted, self.config.resolution))
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
                self._ready.append(Clip(row.file, row.identity, still, start, length))
            else:
                self.skipped.append((row.file, reason))
            self._pending -= 1
            self._changed.notify_all()
