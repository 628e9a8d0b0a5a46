"""Started by the launcher of training/test_parallel.py: trains and writes down what came of it.

``together.py SETTINGS.json RESULTS``: TrainConfig's values, and ``model`` for the network's.
"""

import json
import sys
from pathlib import Path

import torch

from ostnet.config import PRESETS, ModelConfig
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.loop import Trainer
from ostnet.training.schedule import STAGES


def gradients_and_losses(settings: dict) -> dict:
    """Gradients of every stage before the first step; then train: every step's loss, the end."""
    settings = dict(settings)
    PRESETS["tiny"] = ModelConfig.from_dict(settings.pop("model"))
    losses = LossWeights(**settings.pop("losses"))
    trainer = Trainer(TrainConfig(losses=losses, **settings))
    seen = {"gradients": {stage: _gradients(trainer, stage) for stage in STAGES}, "losses": []}
    trainer.model.requires_grad_(True)  # the detail stage holds the detector still
    step = trainer._train_step

    def watched(*arguments):
        terms = step(*arguments)
        seen["losses"].append(trainer.processes.mean(terms["loss"]).item())
        return terms

    trainer._train_step = watched
    trainer.run()
    seen["weights"] = trainer.model.state_dict()
    seen["average"] = trainer.average.model.state_dict()
    seen["rank"], seen["count"] = trainer.processes.rank, trainer.processes.count
    trainer.processes.close()
    return seen


def _gradients(trainer: Trainer, stage: str) -> dict[str, torch.Tensor]:
    trainer.optimisation.adam.zero_grad(set_to_none=True)
    trainer.model.train(stage != "detail")
    parts = trainer.batches.draw(stage, 0, half=False)
    losses = (trainer.losses(trainer.model, stage, 0, *part) for part in parts)
    assert trainer.optimisation.add_gradients(losses, [])
    trainer.processes.average_gradients(trainer.model.parameters())
    named = trainer.model.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}


if __name__ == "__main__":
    settings = json.loads(Path(sys.argv[1]).read_text())
    results = Path(sys.argv[2])
    results.mkdir(parents=True, exist_ok=True)
    seen = gradients_and_losses(settings)
    torch.save(seen, results / f"{seen['rank']}.pt")
