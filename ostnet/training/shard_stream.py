"""Training pairs from shards, for collections too large to hold in memory.

Threads read shards from front to back and decode some frames of each clip into a bounded shuffle
buffer. Pairs are drawn from the buffer, evenly over its identities; after ``uses`` pairs a clip is
replaced by the next of the stream. Memory is bounded by the buffer, and a slow reader shows as
waiting time. Identities are balanced within the buffer, not over the whole collection.

Each pass distributes the shards anew over all readers of all processes. Draws repeat with the same
seed, processes and readers; a resumed run continues elsewhere in the stream.
"""

import queue
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ostnet import landmarks
from ostnet.dataset.landmark_file import LandmarkFile
from ostnet.dataset.manifest import check_identities
from ostnet.dataset.shards import Sample, find_shards, read_shard
from ostnet.errors import InputError
from ostnet.training.pairs import Batch, two_frames
from ostnet.training.rng import Generator, rand

_START = 32
"""Clips in the buffer before the first draw."""
_AHEAD = 4
"""Decoded clips that each reader keeps ready."""


@dataclass(frozen=True)
class StreamConfig:
    """What a stream reads, and how much of it is in memory at once."""

    folder: Path | str
    """Data folder with ``shards/`` and, optionally, ``landmarks.npz``."""
    split: str = "train"
    """Start of the shards' names."""
    leave_out: tuple[str, ...] = ()
    """Identities whose clips and stills are not used; the folder's manifest.csv must have them."""
    resolution: int = 256
    """Side R of the square frames, in pixels."""
    buffer: int = 256
    """Clips in the shuffle buffer."""
    frames: int = 16
    """Random frames kept of each clip; the buffer takes buffer x frames x 3 R^2 bytes."""
    uses: int = 8
    """Pairs drawn from a clip before it is replaced."""
    still_fraction: float = 0.15
    """Probability that a pair is a still, drawn twice, where the buffer has stills."""
    workers: int = 2
    """Threads that read."""
    device: str = "cpu"
    """Device of the batches."""
    seed: tuple[int, ...] = (0,)
    """Seed of the order of shards and of the frames kept."""
    rank: int = 0
    """Number of this process among the ``processes`` that share the shards."""
    processes: int = 1


@dataclass(eq=False)
class BufferedClip:
    """Some decoded frames of one clip, or one still."""

    identity: str
    is_still: bool
    frames: np.ndarray
    """(n, 3, R, R) uint8."""
    points: np.ndarray
    """(n, P, 2), NaN where unknown."""
    uses: int = 0
    """Pairs drawn from it so far."""


class ShuffleBuffer:
    """Clips and stills by identity. Each leaves after ``uses`` draws, except the last clip."""

    def __init__(self, uses: int):
        self.uses = uses
        self.clips = 0
        """Number of clips, stills excluded."""
        self._identities: dict[bool, list[list[BufferedClip]]] = {False: [], True: []}

    def __len__(self) -> int:
        return sum(len(clips) for kind in self._identities.values() for clips in kind)

    def add(self, clip: BufferedClip) -> None:
        """Add a clip or still."""
        identities = self._identities[clip.is_still]
        own = next((one for one in identities if one[0].identity == clip.identity), None)
        if own is None:
            identities.append([clip])
        else:
            own.append(clip)
        self.clips += not clip.is_still

    def draw(self, u: float, v: float, still: bool, keep: bool) -> BufferedClip:
        """Return a clip (a still if asked for and there is one) from two uniform numbers.

        ``keep``: the draw does not count as a use.
        """
        identities = self._identities[still] or self._identities[False]
        place = int(u * len(identities))
        clips = identities[place]
        clip = clips[int(v * len(clips))]
        clip.uses += not keep
        if not keep and clip.uses >= self.uses and (clip.is_still or self.clips > 1):
            clips.remove(clip)
            self.clips -= not clip.is_still
            if not clips:
                identities[place] = identities[-1]
                identities.pop()
        return clip


class ShardStream:
    """An endless stream of training pairs; has the methods of a ``FrameStore`` that training uses.

    Raises:
        InputError: no shard of the split or no such identity to leave out; from ``wait`` and
            ``sample`` also if no sample can be read.
    """

    def __init__(self, config: StreamConfig):
        self.config = config
        self.device = torch.device(config.device)
        self.skipped: list[tuple[str, str]] = []
        """(file, reason) of what cannot be read."""
        self._shards = find_shards(config.folder, config.split)
        check_identities(Path(config.folder), config.split, config.leave_out)
        self._buffer = ShuffleBuffer(config.uses)
        self._stopped = False
        self._turn, self._drawn = 0, 0
        self._queues = [queue.Queue(_AHEAD) for _ in range(config.workers)]
        for number in range(config.workers):
            points = LandmarkFile(Path(config.folder))  # not thread-safe: one for each thread
            threading.Thread(target=self._work, args=(number, points), daemon=True).start()

    def wait(self, min_clips: int | None = None) -> None:
        """Block until the buffer holds ``min_clips`` clips; None: 32, or the buffer if smaller."""
        while self._buffer.clips < min(min_clips or _START, self.config.buffer):
            self._take()
            if not self._buffer.clips and len(self._buffer) > self.config.buffer:
                raise InputError(f"data folder {self.config.folder}: the shards hold stills alone")

    def sample(self, batch: int, generator: Generator) -> Batch:
        """Draw B = ``batch`` pairs: two distinct kept frames of a random clip of the buffer.

        The generator must be on the CPU.
        """
        self.wait()
        chosen = [self._choose(u, keep=False) for u in self._numbers(batch, generator)]
        images = np.stack([clip.frames[two[side]] for side in (0, 1) for clip, *two in chosen])
        images = torch.from_numpy(images).to(self.device).to(torch.float32).div_(255)
        return Batch(
            *images.split(batch),
            *self._points(chosen),
            is_still=torch.tensor([clip.is_still for clip, *_ in chosen], device=self.device),
        )

    def sample_landmarks(
        self, batch: int, generator: Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw landmarks alone, (B, P, 2) each; these draws do not count as uses of a clip."""
        self.wait()
        return self._points([self._choose(u, keep=True) for u in self._numbers(batch, generator)])

    def close(self) -> None:
        """Stop reading, and release readers that wait for room in their queue."""
        self._stopped = True
        for clips in self._queues:
            while not clips.empty():
                clips.get_nowait()

    @staticmethod
    def _numbers(batch: int, generator: Generator) -> np.ndarray:
        return rand((batch, 5), generator, torch.float64).numpy()

    def _choose(self, u: np.ndarray, keep: bool) -> tuple[BufferedClip, int, int]:
        """Return a clip of the buffer and two of its frames.

        While there is room, the buffer takes clips in twice as fast as they are used up.
        """
        self._drawn += not keep
        due = not keep and self._drawn % max(1, self.config.uses // 2) == 0
        if due and len(self._buffer) < self.config.buffer:
            self._take()
        clip = self._buffer.draw(u[1], u[2], still=u[0] < self.config.still_fraction, keep=keep)
        return clip, *(int(i) for i in two_frames(u[3], u[4], len(clip.frames)))

    def _points(self, chosen: list) -> tuple[torch.Tensor, torch.Tensor]:
        points = np.stack([clip.points[two[side]] for side in (0, 1) for clip, *two in chosen])
        return torch.from_numpy(points).to(self.device).split(len(chosen))

    def _take(self) -> None:
        """Move the next decoded clip into the buffer, reader by reader, so that draws repeat."""
        for _ in range(2 * len(self._queues)):
            clip = self._queues[self._turn].get()
            self._turn = (self._turn + 1) % len(self._queues)
            if clip is not None:
                self._buffer.add(clip)
                return
        found = "; ".join(f"{file}: {reason}" for file, reason in self.skipped[:3])
        raise InputError(
            f"data folder {self.config.folder}: no sample of the {len(self._shards)} shards of "
            f"split {self.config.split!r} can be read ({found or 'they are empty'})"
        )

    def _work(self, worker: int, points: LandmarkFile) -> None:
        """Read this reader's shards again and again; None in the queue means an empty pass."""
        slot = self.config.rank * self.config.workers + worker
        epoch = 0
        while not self._stopped:
            rng = np.random.default_rng([*self.config.seed, slot, epoch])
            empty = True
            for sample in self._samples(slot, epoch):
                clip = self._decode(sample, points, rng)
                if clip is not None:
                    self._queues[worker].put(clip)
                    empty = False
                if self._stopped:
                    return
            if empty:
                self._queues[worker].put(None)
            epoch += 1

    def _samples(self, slot: int, epoch: int) -> Iterator[Sample]:
        """Read this reader's shards once, or its part of them if there are fewer than readers."""
        slots = self.config.processes * self.config.workers
        parts = -(-slots // len(self._shards))
        units = [(shard, part) for shard in self._shards for part in range(parts)]
        order = np.random.default_rng([*self.config.seed, epoch]).permutation(len(units))
        for shard, part in (units[i] for i in order[slot::slots]):
            try:
                for sample in read_shard(shard, part, parts):
                    if sample.identity not in self.config.leave_out:
                        yield sample
            except (tarfile.TarError, OSError, EOFError) as error:
                self.skipped.append((shard.name, f"{type(error).__name__}: {error}"))

    def _decode(
        self, sample: Sample, landmark_file: LandmarkFile, rng: np.random.Generator
    ) -> BufferedClip | None:
        count = min(sample.frames, self.config.frames)
        wanted = np.sort(rng.choice(sample.frames, count, replace=False))
        try:
            images = sample.decode(wanted, self.config.resolution)
            known = landmark_file.read(sample.file)
            if len(images) < min(count, 2):
                raise ValueError(f"{len(images)} of {count} frames can be decoded")
        except Exception as error:  # if a reader died, wait() would never return
            self.skipped.append((sample.file, f"{type(error).__name__}: {error}"))
            return None
        wanted = wanted[: len(images)]
        points = np.full((len(wanted), landmarks.POINTS, 2), np.nan, np.float32)
        if known is not None:
            inside = wanted < len(known)
            points[inside] = known[wanted[inside]]
        frames = np.stack(images).transpose(0, 3, 1, 2)  # (n, 3, R, R)
        return BufferedClip(sample.identity, sample.kind == "still", frames, points)
