"""The training loop: warm start, joint stage, checkpoints, validation, exact resume.

One process or many (training/parallel.py). Nothing of a run depends on how many: every step draws
its pairs and changes for all processes from the step's own seed, and the first process's clock is
everybody's.
"""

import math
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet
from ostnet.training import PROCESS_START, checkpoint
from ostnet.training.batches import Batches
from ostnet.training.config import TrainConfig
from ostnet.training.ema import ExponentialAverage
from ostnet.training.network import compile_parts, initial_network
from ostnet.training.optimisation import Optimisation
from ostnet.training.parallel import Processes
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.report import Journal, Meter
from ostnet.training.schedule import STAGES, progress_of, rate_factor, use_bf16
from ostnet.training.sources import FIRST_CLIPS, check_validation, open_training
from ostnet.training.stage_losses import StageLosses
from ostnet.training.sync_batchnorm import synchronise_batch_norms
from ostnet.training.tracking import make_tracker
from ostnet.training.validator import Validator
from ostnet.training.warm_start import can_warm_start

COUNTERS = ("stage", "step", "updates", "pairs", "skipped", "seconds")
"""What a checkpoint keeps of the run beside networks and optimiser."""


def train(config: TrainConfig) -> dict:
    """Run or resume one training; returns the last validation's table (empty: never validated).

    Raises:
        InputError: unusable data folder, output folder of another preset, or no end given.
    """
    if config.minutes is None and config.steps is None:
        raise InputError("minutes: neither --minutes nor --steps given; give one of them")
    trainer = Trainer(config)
    table = trainer.run()
    trainer.processes.close()
    return table


class Trainer:
    """State of one run; ``run`` goes through the stages until time or steps are used up."""

    def __init__(self, config: TrainConfig):
        self.config = config
        self.processes = Processes(config.device)
        self.device = self.processes.device
        self.bf16 = use_bf16(config.precision, self.device)
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.set_flush_denormal(True)  # saturated activations otherwise slow a CPU tenfold
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        torch.manual_seed(config.seed)
        self.folder = Path(config.output)
        if config.val_minutes:
            check_validation(config)
        state = self._saved_state()
        self.store = open_training(config, self.processes, state["updates"] if state else 0)
        self.batches = Batches(config, self.store, self.processes)
        self.model = initial_network(config).to(self.device, memory_format=torch.channels_last)
        if self.processes.count > 1:
            self.model = synchronise_batch_norms(self.model, self.device)
        self.average = ExponentialAverage(self.model, config.ema)
        self.optimisation = Optimisation(self.model, config, self.processes, self.bf16)
        self.stage, self.step, self.updates, self.pairs, self.skipped = 0, 0, 0, 0, 0
        self.seconds = 0.0
        known = config.init is not None and not config.grow
        if known or not can_warm_start(config, self.processes.say):
            self.stage = STAGES.index("joint")
        perceptual = self.processes.first_here_first(
            lambda: PerceptualLoss(config.perceptual, config.perceptual_weights)
        )
        perceptual = perceptual.to(self.device)
        self.losses = StageLosses(config, self.store, perceptual, self.processes)
        if state is not None:
            self._resume(state)
        if config.compile:
            compile_parts(self.model, perceptual, self.device)
        self.validator = Validator(config, self.processes)
        self.reserve = 0.0
        """Seconds kept back for the last validation, so that ``minutes`` counts all there is."""
        self.table: dict = {}
        self.now = 0.0

    def run(self) -> dict:
        """Train to the end; the output folder holds a checkpoint whenever this stops."""
        self.store.wait(FIRST_CLIPS)
        if minutes := self.config.minutes:
            reserve = self.validator.reserve(self._result, minutes)
            self.reserve = self.processes.from_first(reserve)
        meter, journal = Meter(self.processes), self._open_journal()
        last_save = last_validation = self._tick()
        meter.restart(self.now)
        while not self._finished():
            stage, before = STAGES[self.stage], time.monotonic()
            half = stage == "joint" and self._progress() < self.config.half_resolution_share
            pairs = self.batches.share(stage, half).total
            losses = self._train_step(stage, self.batches.draw(stage, self.step, half), pairs)
            meter.add(losses, pairs, self.batches.waited)
            self.seconds += time.monotonic() - before
            self._tick()
            if self.now - meter.since > self.config.log_seconds or self._stage_ends():
                self._note(stage, meter, journal)
            if self.now - last_save > 60 * self.config.save_minutes:
                self._save()
                last_save = self.now
            if 0 < 60 * self.config.val_minutes < self.now - last_validation:
                self._validate(journal)
                last_validation = self._tick()
                meter.restart(self.now)
            self._advance()
        if meter.steps:
            self._note(STAGES[self.stage], meter, journal)
        self._save()
        if journal:
            journal.unreadable(self.store.skipped)
        if self.config.val_minutes:
            self._validate(journal)
        if journal:
            journal.close()
        self.store.close()
        return self.table

    def _train_step(self, stage: str, parts: Iterable[tuple], pairs: int) -> dict[str, Tensor]:
        """One optimiser step, of ``pairs`` pairs in all processes, counted; returns the losses."""
        factor = rate_factor(self.config.schedule, self._progress_of_stage())
        self.model.train(stage != "detail")  # small batches: batch norm keeps its statistics
        taken, losses = self.optimisation.step(
            self.config.learning_rate * factor,
            (self.losses(self.model, stage, self.step, *part) for part in parts),
        )
        if not taken:
            self.skipped += 1
            self.average.restore_buffers(self.model)  # batch norm has seen what is not finite
        self.step += 1
        self.updates += 1
        if stage in ("joint", "detail"):
            self.pairs += pairs
            self.average.update(self.model)
        return losses

    def _stage_ends(self) -> bool:
        stage = STAGES[self.stage]
        if stage == "joint":
            share = self.config.detail_share
            return share > 0 and self._progress() >= 1 - share
        return self.step >= self._lengths.get(stage, math.inf)

    @property
    def _lengths(self) -> dict[str, int]:
        """Steps of the stages that are measured in steps."""
        return {"keypoints": self.config.keypoint_steps, "scale": self.config.scale_steps}

    def _progress_of_stage(self) -> float:
        """In [0, 1]: of a warm start's stage, or of the rest of the run."""
        stage = STAGES[self.stage]
        if stage in self._lengths:
            return self.step / max(self._lengths[stage], 1) if self.config.grow else 0.0
        return self._progress()

    def _advance(self) -> None:
        """Enter the next stage when the present one has had its steps."""
        while self._stage_ends():
            self.stage, self.step = self.stage + 1, 0
            self.average.reset(self.model)

    def _tick(self) -> float:
        """Read the first process's clock: seconds since it started."""
        self.now = self.processes.from_first(time.monotonic() - PROCESS_START)
        return self.now

    def _progress(self) -> float:
        steps, done = self.config.steps, self.step
        if steps is not None and STAGES[self.stage] == "detail":
            done += round(steps * (1 - self.config.detail_share))
        return progress_of(done, steps, self.now, self.config.minutes)

    def _finished(self) -> bool:
        self._advance()
        minutes = self.config.minutes
        if minutes is not None and self.now >= 60 * minutes - self.reserve:
            return True
        late = STAGES[self.stage] in ("joint", "detail")
        return late and self.config.steps is not None and self._progress() >= 1

    def _note(self, stage: str, meter: Meter, journal: Journal | None) -> None:
        """Read the meter, in all processes, and write it down, in the first."""
        row = {"stage": stage, **{name: getattr(self, name) for name in COUNTERS[1:]}}
        row["learning rate"] = self.optimisation.adam.param_groups[0]["lr"]
        row |= meter.read(self.now)
        if journal:
            journal.progress(row, self._progress())
            journal.unreadable(self.store.skipped)

    def _open_journal(self) -> Journal | None:
        """The first process's records; says how many pairs a step has."""
        share = self.batches.share("detail" if self.config.detail_share == 1 else "joint", False)
        self.processes.say(
            f"{share.total} pairs a step: {share.pairs} pairs x {self.processes.count} processes x "
            f"{share.parts} accumulated"
        )
        if not self.processes.first:
            return None
        tracker = make_tracker(self.config.track, self.folder, self._recipe())
        return Journal(self.folder, tracker, self.updates)

    def _saved_state(self) -> dict | None:
        """What the output folder holds of a former run, the same in every process."""
        state = checkpoint.load_state(self.folder, self.device)
        self.processes.check_same(
            f"output {self.folder}", -1.0 if state is None else float(state["updates"])
        )
        return state

    def _resume(self, state: dict) -> None:
        if state["config"] != self.model.config.to_dict():
            raise InputError(
                f"output {self.folder}: holds a run of another network; choose another folder or "
                "give the preset it was started with"
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimisation.adam.load_state_dict(state["optimizer"])
        self.losses.load_state_dict(state.get("losses", {}))
        for name in COUNTERS:
            setattr(self, name, state[name])
        self.processes.say(f"resumed at step {self.step} of stage {STAGES[self.stage]}")

    def _save(self) -> None:
        if not self.processes.first:
            return
        state = {
            "config": self.model.config.to_dict(),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimisation.adam.state_dict(),
            "losses": self.losses.state_dict(),
            **{name: getattr(self, name) for name in COUNTERS},
        }
        checkpoint.save(self.folder, self._result, state, self._recipe())

    @property
    def _result(self) -> OSTNet:
        """What is saved to be used, and validated: the average, which the joint stage alone has."""
        return self.average.model if STAGES[self.stage] in ("joint", "detail") else self.model

    def _recipe(self) -> dict:
        return {
            **self.config.to_dict(),
            "perceptual": self.losses.perceptual.name,
            "processes": self.processes.count,
            "pairs": self.pairs,
            "trained_minutes": round(self.seconds / 60, 2),
            "hardware": self.processes.hardware,
        }

    def _validate(self, journal: Journal | None) -> None:
        """In the first process, while the others wait at the next step."""
        if journal is None:
            return
        self.table = self.validator.run(self._result, self.step)
        journal.validation(self.updates, self.table, self.folder / "samples.png")
