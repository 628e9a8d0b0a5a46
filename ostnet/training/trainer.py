"""The training loop: stages, checkpoints, validation, exact resume.

One process or many (training/parallel.py). A run does not depend on their number: every step draws
its pairs and augmentation for all processes from the step's own seeds, and all use the first
process's clock.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet
from ostnet.training import PROCESS_START, checkpoint
from ostnet.training.checkpoint import compile_parts, initial_network
from ostnet.training.config import TrainConfig
from ostnet.training.detail import DetailStage
from ostnet.training.discriminator import Discriminator
from ostnet.training.distil import DistilStage
from ostnet.training.joint import JointStage
from ostnet.training.losses import Loss
from ostnet.training.optimisation import ExponentialAverage, Optimiser, rate_factor, use_bf16
from ostnet.training.parallel import Processes, synchronise_batch_norms
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.report import Journal, Meter, make_tracker
from ostnet.training.rng import RowGenerator, step_seeds
from ostnet.training.sources import FIRST_CLIPS, check_validation, open_training
from ostnet.training.stages import Context, KeypointStage, ScaleStage, Stage, has_warm_start
from ostnet.training.validation import Validator

logger = logging.getLogger(__name__)

COUNTERS = ("number", "step", "updates", "pairs", "skipped", "seconds")
"""Fields of the run that a checkpoint stores besides networks and optimisers."""
FIRST_MAIN = 2  # index of the first stage after the warm start


def train(config: TrainConfig) -> dict:
    """Run or resume one training; return the last validation's table (empty: never validated).

    Progress goes to the logger ``ostnet.training``.

    Raises:
        InputError: unusable data folder, output folder of another preset, or no end given.
    """
    if config.minutes is None and config.steps is None:
        raise InputError("minutes: neither --minutes nor --steps given; give one of them")
    trainer = Trainer(config)
    with closing(trainer.store):
        table = trainer.run()
    trainer.processes.close()
    return table


class Trainer:
    """State of one run; ``run`` goes through the stages until time or steps are used up."""

    def __init__(self, config: TrainConfig):
        self.config = config
        self.processes = Processes(config.device)
        self.device = self.processes.device
        if not self.processes.first:
            logging.getLogger("ostnet.training").setLevel(logging.ERROR)
        bf16 = use_bf16(config.precision, self.device)
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.set_flush_denormal(True)  # saturated activations otherwise slow a CPU tenfold
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        torch.manual_seed(config.seed)
        self.folder = Path(config.output)
        if config.val_minutes:
            check_validation(config)
        state = checkpoint.load_state(self.folder, self.device)
        updates = state["updates"] if state else 0
        found = float(updates) if state else -1.0
        self.processes.check_same(f"output {self.folder}", found)
        self.store = open_training(config, self.processes, updates)
        self.model: OSTNet = initial_network(config)
        self.model.to(self.device, memory_format=torch.channels_last)  # pyright: ignore
        if self.processes.count > 1:
            self.model = cast(OSTNet, synchronise_batch_norms(self.model, self.device))
        self.average = ExponentialAverage(self.model, config.ema)
        self.optimiser = Optimiser(self.model, config, self.processes, bf16)
        perceptual = self.processes.first_here_first(
            lambda: PerceptualLoss(config.perceptual, config.perceptual_weights)
        ).to(self.device)
        self.discriminator: Discriminator | None = None
        if config.losses.adversarial or config.losses.matching:
            self.discriminator = Discriminator(config, self.processes)
        judge = self.discriminator
        context = Context(config, self.model, self.store, perceptual, self.processes, judge)
        last = DistilStage if config.losses.distilled else DetailStage
        stages = KeypointStage, ScaleStage, JointStage, last
        self.stages: list[Stage] = [stage(context) for stage in stages]
        self.number = 0 if has_warm_start(config) else FIRST_MAIN
        self.step, self.updates, self.pairs, self.skipped = 0, 0, 0, 0
        self.seconds = 0.0
        if state is not None:
            self._resume(state)
        if config.compile:
            compile_parts(self.model, perceptual, self.device)
        self.ready: Stage | None = None  # the stage that has been set up
        self.validator = Validator(config, self.processes)
        self.reserve = 0.0  # seconds for the last validation: ``minutes`` includes everything
        self.table: dict = {}
        self.now = 0.0
        self.waited = 0.0  # seconds that the last step spent on drawing its pairs

    @property
    def stage(self) -> Stage:
        """Return the present stage."""
        return self.stages[self.number]

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
            stage, before = self.stage, time.monotonic()
            losses, pairs = self.train_step()
            meter.add(losses, pairs, self.waited)
            self.seconds += time.monotonic() - before
            self._tick()
            if self.now - meter.since > self.config.log_seconds or stage.done(self.step, self.now):
                self._note(meter, journal)
            if self.now - last_save > 60 * self.config.save_minutes:
                self._save()
                last_save = self.now
            if 0 < 60 * self.config.val_minutes < self.now - last_validation:
                self._validate(journal)
                last_validation = self._tick()
                meter.restart(self.now)
            self._advance()
        if meter.steps:
            self._note(meter, journal)
        self._save()
        if journal:
            journal.unreadable(self.store.skipped)
        if self.config.val_minutes:
            self._validate(journal)
        if journal:
            journal.tracker.close()
        return self.table

    def train_step(self) -> tuple[dict[str, Tensor], int]:
        """Take one step of the present stage; return its losses, and its pairs in all processes."""
        stage, progress = self.stage, self.stage.progress(self.step, self.now)
        if self.ready is not stage:
            stage.setup()
            self.ready = stage
        self.model.train(stage.trains_batch_norm)
        decay = stage.decay_progress(self.step, self.now)
        rate = self.config.learning_rate * rate_factor(self.config.schedule, decay)
        parts = self.batches(stage, progress)
        taken, losses = self.optimiser.step(rate, (self.loss(*part) for part in parts))
        if not taken:
            self.skipped += 1
            self.average.restore_buffers(self.model)  # batch norm has seen NaN or infinity
        self.step += 1
        self.updates += 1
        count, pairs = stage.split(progress)
        total = count * self.processes.count * pairs
        if stage.is_main:
            self.pairs += total
            self.average.update(self.model)
        return losses, total

    def batches(self, stage: Stage, progress: float) -> Iterator[tuple]:
        """Draw this process's batches of the present step, each with the generator to augment it.

        Pair n of a step is the same however the step is divided into batches.
        """
        parts, pairs = stage.split(progress)
        count, rank = self.processes.count, self.processes.rank
        seeds = step_seeds(self.config.seed, self.stages.index(stage), self.step)
        self.waited = 0.0
        for part in range(parts):
            rows = (part * count + rank) * pairs, pairs, parts * count * pairs
            drawing, augmenting = (
                RowGenerator(torch.Generator(device).manual_seed(seed), *rows)
                for device, seed in zip(("cpu", self.device), seeds, strict=True)
            )
            before = time.monotonic()
            batch = stage.batch(pairs, drawing, progress)
            self.waited += time.monotonic() - before
            yield batch, augmenting

    def loss(self, batch, generator: RowGenerator) -> Loss:
        """Return the present stage's loss of a batch; first trains the discriminator on it."""
        stage = self.stage
        prediction = stage.forward(batch, generator, self.step)
        if self.discriminator and (pictures := stage.judged(prediction)):
            self.discriminator.train_step(*pictures)
        return stage.loss(prediction, generator)

    def _advance(self) -> None:
        """Enter the next stage if the present one is done."""
        while self.stage.done(self.step, self.now):
            self.number, self.step = self.number + 1, 0
            self.average.reset(self.model)

    def _tick(self) -> float:
        """Read the first process's clock: seconds since it started."""
        self.now = self.processes.from_first(time.monotonic() - PROCESS_START)
        return self.now

    def _finished(self) -> bool:
        self._advance()
        minutes, steps = self.config.minutes, self.config.steps
        if minutes is not None and self.now >= 60 * minutes - self.reserve:
            return True
        out_of_steps = steps is not None and self.stage.progress(self.step, self.now) >= 1
        return self.stage.is_main and out_of_steps

    def _note(self, meter: Meter, journal: Journal | None) -> None:
        """Read the meter, in all processes, and report it, in the first."""
        row = {"stage": self.stage.name, **{name: getattr(self, name) for name in COUNTERS[1:]}}
        row["learning rate"] = self.optimiser.adam.param_groups[0]["lr"]
        row |= meter.read(self.now)
        if journal:
            journal.progress(row, self.stage.progress(self.step, self.now))
            journal.unreadable(self.store.skipped)

    def _open_journal(self) -> Journal | None:
        """Open the first process's records, and log how many pairs a step has."""
        stage = self.stages[-1 if self.config.detail_share == 1 else -2]
        count = self.processes.count
        parts, pairs = stage.split(progress=1.0)
        logger.info(
            f"{parts * count * pairs} pairs a step: {pairs} pairs x {count} processes x "
            f"{parts} accumulated"
        )
        if not self.processes.first:
            return None
        tracker = make_tracker(self.config.track, self.folder, self._recipe())
        return Journal(self.folder, tracker, self.updates)

    def _resume(self, state: dict) -> None:
        if state["config"] != self.model.config.to_dict():
            raise InputError(
                f"output {self.folder}: holds a run of another network; choose another folder or "
                "give the preset it was started with"
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.adam.load_state_dict(state["optimizer"])
        if self.discriminator and state["discriminator"]:
            self.discriminator.load_state_dict(state["discriminator"])
        for name in COUNTERS:
            setattr(self, name, state[name])
        if self.processes.first:  # other programs read this line
            print(f"resumed at step {self.step} of stage {self.stage.name}", flush=True)

    def _save(self) -> None:
        if not self.processes.first:
            return
        state = {
            "config": self.model.config.to_dict(),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimiser.adam.state_dict(),
            "discriminator": self.discriminator and self.discriminator.state_dict(),
            **{name: getattr(self, name) for name in COUNTERS},
        }
        checkpoint.save(self.folder, self._result, state, self._recipe())

    @property
    def _result(self) -> OSTNet:
        """Return the network that is saved and validated: the average, in the main stages."""
        return cast(OSTNet, self.average.model) if self.stage.is_main else self.model

    def _recipe(self) -> dict:
        return {
            **self.config.to_dict(),
            "perceptual": self.stage.context.perceptual.name,
            "processes": self.processes.count,
            "pairs": self.pairs,
            "trained_minutes": round(self.seconds / 60, 2),
            "hardware": self.processes.hardware,
        }

    def _validate(self, journal: Journal | None) -> None:
        """Validate in the first process; the others wait at the next step."""
        if journal is None:
            return
        self.table = self.validator.run(self._result, self.step)
        journal.validation(self.updates, self.table, self.folder / "samples.png")
