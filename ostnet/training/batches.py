"""What every process draws in every step: its share of the step's pairs, and their changes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore
from ostnet.training.parallel import Processes
from ostnet.training.rng import RowGenerator, step_seeds
from ostnet.training.scale_prior import SCALE_BATCH
from ostnet.training.schedule import STAGES
from ostnet.training.shard_stream import ShardStream


@dataclass(frozen=True)
class Share:
    """How one step is divided up."""

    parts: int
    """Batches of each process, one after the other."""
    pairs: int
    """Pairs of one such batch."""
    total: int
    """Pairs of the whole step: parts x processes x pairs."""


class Batches:
    """Draws batches for this process. Pair number n of a step is the same however it is divided."""

    def __init__(self, config: TrainConfig, store: FrameStore | ShardStream, processes: Processes):
        self.config = config
        self.store = store
        self.processes = processes
        self._choice = torch.Generator()
        self._change = torch.Generator(processes.device)
        self.waited = 0.0
        """Seconds spent in drawing by the last step."""

    def share(self, stage: str, half: bool) -> Share:
        """The joint stage follows the configuration, with twice the pairs at ``half`` resolution.

        The warm start's batches have a fixed size and are divided up among the processes.
        """
        count = self.processes.count
        if stage == "joint":
            parts, pairs = self.config.accumulate, self.config.batch * (2 if half else 1)
        elif stage == "detail":
            parts, pairs = 1, self.config.detail_batch
        else:
            whole = self.config.keypoint_batch if stage == "keypoints" else SCALE_BATCH
            parts, pairs = 1, max(1, whole // count)
        return Share(parts, pairs, parts * count * pairs)

    def draw(self, stage: str, step: int, half: bool) -> Iterator[tuple]:
        """(batch, generator) of every part: the generator is for the batch's random changes.

        Stage ``scale`` has landmarks (source, driving) for a batch, the others a Batch.
        """
        share = self.share(stage, half)
        seeds = step_seeds(self.config.seed, STAGES.index(stage), step)
        self.waited = 0.0
        for part in range(share.parts):
            first = (part * self.processes.count + self.processes.rank) * share.pairs
            choice, change = (
                RowGenerator(generator.manual_seed(seed), first, share.pairs, share.total)
                for generator, seed in zip((self._choice, self._change), seeds, strict=True)
            )
            before = time.monotonic()
            if stage == "scale":
                batch = self.store.sample_landmarks(share.pairs, choice)
            else:
                batch = self.store.sample(share.pairs, choice)
            self.waited += time.monotonic() - before
            if half and stage == "joint":
                batch.source = F.avg_pool2d(batch.source, 2)
                batch.driving = F.avg_pool2d(batch.driving, 2)
            yield batch, change
