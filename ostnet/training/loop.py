"""The training loop: warm start, joint stage, checkpoints, validation, exact resume."""

import math
import time
from pathlib import Path

import torch

from ostnet.config import PRESETS
from ostnet.errors import InputError
from ostnet.training import PROCESS_START, checkpoint
from ostnet.training.config import TrainConfig
from ostnet.training.data import DataConfig, FrameStore
from ostnet.training.ema import ExponentialAverage
from ostnet.training.landmarks import KEYPOINT_ROWS
from ostnet.training.network import initial_network
from ostnet.training.objective import Objective, augmented_pair
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.report import Report
from ostnet.training.scale_prior import SCALE_BATCH, scale_loss
from ostnet.training.schedule import progress_of, rate_factor
from ostnet.training.validation import validate
from ostnet.training.warm_start import KEYPOINT_BATCH, keypoint_loss

STAGES = ("keypoints", "scale", "joint")
COUNTERS = ("stage", "step", "pairs", "skipped", "seconds")
"""What a checkpoint keeps of the run beside networks, optimiser and random states."""


def train(config: TrainConfig) -> dict:
    """Run or resume one training; returns the last validation's table (empty: never validated).

    Raises:
        InputError: unusable data folder, output folder of another preset, or no end given.
    """
    if config.minutes is None and config.steps is None:
        raise InputError("minutes: neither --minutes nor --steps given; give one of them")
    if config.preset not in PRESETS:
        raise InputError(f"preset: found {config.preset!r}; expected one of {sorted(PRESETS)}")
    return Trainer(config).run()


class Trainer:
    """State of one run; ``run`` goes through the stages until time or steps are used up."""

    def __init__(self, config: TrainConfig):
        self.config = config
        self.device = _device(config.device)
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.set_flush_denormal(True)  # saturated activations otherwise slow a CPU tenfold
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        torch.manual_seed(config.seed)
        self.folder = Path(config.output)
        self.store = self._open_data("train", config.max_frames_per_clip)
        self.model = initial_network(config).to(self.device, memory_format=torch.channels_last)
        self.average = ExponentialAverage(self.model, config.ema)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.learning_rate, betas=(0.5, 0.999)
        )
        self.generator = torch.Generator(self.device).manual_seed(config.seed)
        self.stage, self.step, self.pairs, self.skipped, self.seconds = 0, 0, 0, 0, 0.0
        if config.init is not None:
            self.stage = STAGES.index("joint")
        self._resume()
        perceptual = PerceptualLoss(config.perceptual, config.perceptual_weights)
        self.objective = Objective(config, perceptual.to(self.device))
        self.validation = None
        self.table: dict = {}

    def run(self) -> dict:
        """Train to the end; the output folder holds a checkpoint whenever this stops."""
        self.store.wait(min_clips=8)
        last_save = last_validation = time.monotonic()
        report = Report()
        while not self._finished():
            stage, before = STAGES[self.stage], time.monotonic()
            batch, size = self._draw(stage)
            waited = time.monotonic() - before
            report.add(self._train_step(stage, batch), size, waited)
            self.seconds += time.monotonic() - before
            report.maybe_print(stage, self.step, self._progress(), self.skipped)
            if time.monotonic() - last_save > 60 * self.config.save_minutes:
                self._save()
                last_save = time.monotonic()
            if 0 < 60 * self.config.val_minutes < time.monotonic() - last_validation:
                self._validate()
                last_validation = time.monotonic()
            self._advance()
        self._save()
        if self.config.val_minutes:
            self._validate()
        self.store.close()
        return self.table

    def _draw(self, stage: str):
        """What one step of a stage learns from, and its number of pairs."""
        if stage == "keypoints":
            return self.store.sample(KEYPOINT_BATCH), KEYPOINT_BATCH
        if stage == "scale":
            return self.store.sample_landmarks(SCALE_BATCH), SCALE_BATCH
        if self._progress() >= self.config.half_resolution_share:
            return self.store.sample(self.config.batch), self.config.batch
        size = 2 * self.config.batch
        batch = self.store.sample(size)
        batch.source = torch.nn.functional.avg_pool2d(batch.source, 2)
        batch.driving = torch.nn.functional.avg_pool2d(batch.driving, 2)
        return batch, size

    def _train_step(self, stage: str, batch) -> dict[str, torch.Tensor]:
        """One optimiser step; a step whose gradient is not finite is skipped and counted."""
        config, progress = self.config, self._progress()
        factor = rate_factor(config.schedule, progress) if stage == "joint" else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * factor
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16()):
            total, terms = self._loss(stage, batch)
        self.optimizer.zero_grad(set_to_none=True)
        if not self._take_step(total):
            self.skipped += 1
        self.step += 1
        if stage == "joint":
            self.pairs += len(batch.source)
            self.average.update(self.model)
        return {"loss": total.detach(), **{name: term.detach() for name, term in terms.items()}}

    def _take_step(self, total: torch.Tensor) -> bool:
        """Backward and optimiser step; False, and no change, if anything is not finite."""
        if not torch.isfinite(total):
            return False  # backward through NaN coordinates would crash the sampler on a CPU
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        if not torch.isfinite(norm):
            return False
        self.optimizer.step()
        return True

    def _loss(self, stage: str, batch):
        config, generator = self.config, self.generator
        if stage == "keypoints":
            return keypoint_loss(self.model, batch, config, generator), {}
        if stage == "scale":
            source, driving = (points[:, KEYPOINT_ROWS] for points in batch)
            return scale_loss(self.model, source, driving, config, generator), {}
        pair = augmented_pair(batch, config, generator)
        return self.objective(self.model, pair, generator)

    def _advance(self) -> None:
        """Enter the next stage when the present one has had its steps."""
        lengths = (self.config.keypoint_steps, self.config.scale_steps, math.inf)
        while self.step >= lengths[self.stage]:
            self.stage, self.step = self.stage + 1, 0
            self.average.reset(self.model)

    def _progress(self) -> float:
        elapsed = time.monotonic() - PROCESS_START
        return progress_of(self.step, self.config.steps, elapsed, self.config.minutes)

    def _finished(self) -> bool:
        self._advance()
        minutes = (time.monotonic() - PROCESS_START) / 60
        if self.config.minutes is not None and minutes >= self.config.minutes:
            return True
        in_joint = STAGES[self.stage] == "joint"
        return in_joint and self.config.steps is not None and self.step >= self.config.steps

    def _bf16(self) -> bool:
        if self.config.precision == "auto":
            return self.device.type == "cuda"
        return self.config.precision == "bf16"

    def _open_data(self, split: str, frames: int | None, seed: int = 0) -> FrameStore:
        config = self.config
        return FrameStore(
            DataConfig(
                folder=config.data,
                split=split,
                resolution=config.resolution,
                max_frames_per_clip=frames,
                cache_dir=config.cache,
                device=str(self.device),
                workers=12 if self.device.type == "cuda" else 2,
                still_fraction=config.still_share,
                seed=config.seed,
            )
        )

    def _resume(self) -> None:
        state = checkpoint.load_state(self.folder, self.device)
        if state is None:
            return
        if state["config"] != self.model.config.to_dict():
            raise InputError(
                f"output {self.folder}: holds a run of another network; choose another folder or "
                "give the preset it was started with"
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())
        self.store.load_state_dict(state["store"])
        for name in COUNTERS:
            setattr(self, name, state[name])
        print(f"resumed at step {self.step} of stage {STAGES[self.stage]}", flush=True)

    def _save(self) -> None:
        state = {
            "config": self.model.config.to_dict(),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "store": self.store.state_dict(),
            **{name: getattr(self, name) for name in COUNTERS},
        }
        recipe = {
            **self.config.to_dict(),
            "perceptual": self.objective.perceptual.name,
            "pairs": self.pairs,
            "trained_minutes": round(self.seconds / 60, 2),
            "hardware": _hardware(self.device),
        }
        checkpoint.save(self.folder, self.average.model, state, recipe)

    def _validate(self) -> None:
        if self.validation is None:
            self.validation = self._open_data("val", 13)
            self.validation.wait()
        self.table = validate(self.average.model, self.validation, self.folder, self.step)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
