"""What each stage of a run minimises."""

from pathlib import Path

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.landmarks import keypoint_indices
from ostnet.model.ostnet import OSTNet
from ostnet.training.config import TrainConfig
from ostnet.training.cross_identity import DetectedPoints, detect_points, scale_code_loss
from ostnet.training.detail import DetailObjective
from ostnet.training.discriminator import Discriminator
from ostnet.training.distil import DistilObjective
from ostnet.training.frame_store import FrameStore
from ostnet.training.network import checkpoint_network
from ostnet.training.objective import Objective, augmented_pair
from ostnet.training.parallel import Processes
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.rng import Generator
from ostnet.training.scale_prior import scale_loss
from ostnet.training.shard_stream import ShardStream
from ostnet.training.warm_start import keypoint_loss


class StageLosses:
    """The total loss (scalar) and its unweighted terms by name, of one batch of a stage."""

    def __init__(
        self,
        config: TrainConfig,
        store: FrameStore | ShardStream,
        perceptual: PerceptualLoss,
        processes: Processes,
    ):
        self.config, self.store, self.processes = config, store, processes
        self.perceptual = perceptual
        self.joint = Objective(config, perceptual)
        self.discriminator: Discriminator | None = None
        if config.losses.adversarial or config.losses.matching:
            self.discriminator = Discriminator(
                config.discriminator_rate, config.discriminator_width, processes
            )
        self._detail: DetailObjective | None = None
        self._distil: DistilObjective | None = None

    def __call__(
        self, model: OSTNet, stage: str, step: int, batch, generator: Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """``batch``: a Batch or, in stage ``scale``, landmarks of source and driving frame."""
        config = self.config
        if stage == "keypoints":
            return keypoint_loss(model, batch, config, generator), {}
        if stage == "scale" and config.losses.people:
            points = self.detail(model).points
            return scale_code_loss(model, points, len(batch[0]), generator), {}
        if stage == "scale":
            known = keypoint_indices(model.config.keypoints)
            source, driving = (points[:, known] for points in batch)
            return scale_loss(model, source, driving, config, generator), {}
        if stage == "detail":
            whole = step % config.whole_every == 0
            pair = augmented_pair(batch, config, generator, rescaled=whole)
            objective = self.distil(model) if config.losses.distilled else self.detail(model)
            return objective(model, pair, generator, whole)
        return self.joint(model, augmented_pair(batch, config, generator), generator)

    def detail(self, model: OSTNet) -> DetailObjective:
        """The detail stage's objective; from its making on, the detector stays as it is."""
        if self._detail is None:
            self.processes.say("T_theta learns from the detector's points: detecting them")
            model.detector.requires_grad_(False)
            points = self.processes.first_here_first(lambda: self._points(model))
            self._detail = DetailObjective(self.config, self.perceptual, points, self.discriminator)
        return self._detail

    def distil(self, model: OSTNet) -> DistilObjective:
        """The objective of a network that was cut; from its making on, only its decoder learns."""
        if self._distil is None:
            if self.config.init is None:
                raise InputError("init: not given; expected a checkpoint, as losses.distilled is")
            teacher = checkpoint_network(self.config.init)
            place = next(model.parameters()).device
            teacher.to(place, memory_format=torch.channels_last)  # pyright: ignore
            self._distil = DistilObjective(self.config, self.perceptual, teacher, model)
        return self._distil

    def state_dict(self) -> dict:
        """What of the losses learns, for a resumed run; empty where nothing does."""
        return self.discriminator.state_dict() if self.discriminator else {}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a ``state_dict``; from an empty one, a discriminator begins anew."""
        if self.discriminator and state:
            self.discriminator.load_state_dict(state)

    def _points(self, model: OSTNet) -> DetectedPoints:
        """The detector's points; kept in the output folder, so that a resumed run has the same."""
        path = Path(self.config.output) / "state" / "points.pt"
        if not path.is_file():
            training = model.training
            points = detect_points(model.eval(), self.store, torch.Generator().manual_seed(0))
            model.train(training)
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(vars(points), path)
        known = torch.load(path, weights_only=True, map_location=self.processes.device)
        return DetectedPoints(**known)
