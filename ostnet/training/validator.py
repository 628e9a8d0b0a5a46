"""When validation runs, on what, and how long it may take."""

from pathlib import Path

from ostnet.model.ostnet import OSTNet
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore
from ostnet.training.parallel import Processes
from ostnet.training.sources import open_validation
from ostnet.training.validation import FRAMES, seconds_of_a_frame, validate

LARGEST_RESERVE = 0.2
"""Share of a run measured in minutes that its last validation may take."""


class Validator:
    """The validations of one run, in the first process."""

    def __init__(self, config: TrainConfig, processes: Processes):
        self.config, self.processes = config, processes
        self.frames = FRAMES
        self._store: FrameStore | None = None

    @property
    def store(self) -> FrameStore:
        """Frames of split val, read when first needed."""
        if self._store is None:
            self._store = open_validation(self.config, self.processes.device)
        return self._store

    def reserve(self, model: OSTNet, minutes: float) -> float:
        """Seconds to keep for the last validation of a run of ``minutes``; 0 without one.

        Sets how many frames of each clip it measures: what a fifth of the run allows.
        """
        if not (self.config.val_minutes and self.processes.first):
            return 0.0
        each = seconds_of_a_frame(model, self.store)
        self.frames = max(1, min(FRAMES, int(LARGEST_RESERVE * 60 * minutes / each)))
        return each * self.frames

    def run(self, model: OSTNet, step: int) -> dict:
        """Measure; validation.json and samples.png lie in the run's folder afterwards."""
        return validate(model, self.store, Path(self.config.output), step, self.frames)
