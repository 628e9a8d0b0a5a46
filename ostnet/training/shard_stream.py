"""Training pairs from shards, for collections too large to hold in memory.

Threads read shards from front to back and decode some frames of each clip into a bounded shuffle
buffer. Pairs are drawn from the buffer, evenly over its identities; after ``uses`` pairs a clip is
replaced by the next of the stream. Memory is bounded by the buffer, and a slow reader shows as
waiting time. Identities are balanced within the buffer, not over the whole collection.

Each pass distributes the shards again over all readers of all processes. Draws repeat with the same
seed, processes and readers; a resumed run continues elsewhere in the stream.
"""

import queue
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ostnet import landmarks, threads
from ostnet.dataset.landmark_file import LandmarkFile
from ostnet.dataset.manifest import check_identities
from ostnet.dataset.shards import Sample, find_shards, read_shard
from ostnet.errors import InputError
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import workers
from ostnet.training.pairs import Batch, two_frames
from ostnet.training.rng import Generator, rand

_START = 32  # clips in the buffer before the first draw
_AHEAD = 4  # decoded clips that each reader keeps ready


@dataclass(eq=False)
class BufferedClip:
    """Some decoded frames of one clip, or one still."""

    identity: str
    is_still: bool
    frames: np.ndarray  # (n, 3, R, R) uint8
    points: np.ndarray  # (n, P, 2), NaN where unknown
    uses: int = 0  # pairs drawn from it so far


class ShuffleBuffer:
    """Clips and stills by identity. Each leaves after ``uses`` draws, except the last clip."""

    def __init__(self, uses: int):
        self.uses = uses
        self.clips = 0  # number of clips, stills excluded
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
        """Return a clip (with ``still`` a still, if there is one) from two uniform numbers.

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

    Args:
        config: data folder with ``shards/`` and, optionally, ``landmarks.npz``; people to leave
            out (manifest.csv must have them), resolution, share of stills, workers, seed. The
            buffer takes ``stream_pool`` x ``stream_frames`` x 3 R^2 bytes.
        device: of the batches.
        rank: number of this process.
        count: processes that share the shards.
        updates: updates of the run that is resumed; the order of the shards depends on it.

    Raises:
        InputError: no shard of the split or no such identity to leave out; from ``wait`` and
            ``sample`` also if no sample can be read.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device | str = "cpu",
        rank: int = 0,
        count: int = 1,
        updates: int = 0,
    ):
        self.config, self.device = config, torch.device(device)
        self.rank, self.count, self.seed = rank, count, (config.seed, updates)
        folder, self.workers = Path(config.data), workers(config, self.device)
        self.skipped: list[tuple[str, str]] = []  # (file, reason) of what cannot be read
        self._shards = find_shards(folder, "train")
        check_identities(folder, "train", config.leave_out)
        self._buffer = ShuffleBuffer(config.stream_uses)
        self._stopped = False
        self._turn, self._drawn = 0, 0
        self._queues = [queue.Queue(_AHEAD) for _ in range(self.workers)]
        self._readers = [
            # a LandmarkFile is not thread-safe: one for each thread
            threads.start(partial(self._work, number, LandmarkFile(folder)), self._stop)
            for number in range(self.workers)
        ]

    def wait(self, min_clips: int | None = None) -> None:
        """Block until the buffer holds ``min_clips`` clips; None: 32, or the buffer if smaller."""
        while self._buffer.clips < min(min_clips or _START, self.config.stream_pool):
            self._take()
            if not self._buffer.clips and len(self._buffer) > self.config.stream_pool:
                raise InputError(
                    f"data folder {self.config.data}: the shards hold only stills; expected clips"
                )

    def sample(self, batch: int, generator: Generator) -> Batch:
        """Draw B = ``batch`` pairs: two distinct kept frames of a random clip of the buffer.

        The generator must be on the CPU.
        """
        self.wait()
        chosen = [self._choose(u, keep=False) for u in self._numbers(batch, generator)]
        images = np.stack([clip.frames[two[side]] for side in (0, 1) for clip, *two in chosen])
        images = torch.from_numpy(images).to(self.device).to(torch.float32).div_(255)
        return Batch(  # pyright: ignore[reportCallIssue]
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
        """Stop reading, and wait until the readers have ended."""
        threads.end(*self._readers)

    def _stop(self) -> None:
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
        due = not keep and self._drawn % max(1, self.config.stream_uses // 2) == 0
        if due and len(self._buffer) < self.config.stream_pool:
            self._take()
        clip = self._buffer.draw(u[1], u[2], still=u[0] < self.config.still_share, keep=keep)
        return clip, *(int(i) for i in two_frames(u[3], u[4], len(clip.frames)))  # pyright: ignore[reportReturnType]

    def _points(self, chosen: list) -> tuple[torch.Tensor, torch.Tensor]:
        points = np.stack([clip.points[two[side]] for side in (0, 1) for clip, *two in chosen])
        return torch.from_numpy(points).to(self.device).split(len(chosen))  # pyright: ignore[reportReturnType]

    def _take(self) -> None:
        """Move the next decoded clip into the buffer, readers in turn, so that draws repeat."""
        for _ in range(2 * len(self._queues)):
            clip = self._queues[self._turn].get()
            self._turn = (self._turn + 1) % len(self._queues)
            if clip is not None:
                self._buffer.add(clip)
                return
        found = "; ".join(f"{file}: {reason}" for file, reason in self.skipped[:3])
        raise InputError(
            f"data folder {self.config.data}: no sample of the {len(self._shards)} shards of "
            f"split 'train' can be read ({found or 'they are empty'})"
        )

    def _work(self, worker: int, points: LandmarkFile) -> None:
        """Read this reader's shards again and again; None in the queue means an empty pass."""
        slot = self.rank * self.workers + worker
        epoch = 0
        while not self._stopped:
            rng = np.random.default_rng([*self.seed, slot, epoch])
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
        slots = self.count * self.workers
        parts = -(-slots // len(self._shards))
        units = [(shard, part) for shard in self._shards for part in range(parts)]
        order = np.random.default_rng([*self.seed, epoch]).permutation(len(units))
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
        count = min(sample.frames, self.config.stream_frames)
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
