"""Started by the launcher of training/test_parallel.py: trains and writes the results to a file.

``together.py SETTINGS.json RESULTS``: TrainConfig's values, and ``model`` for the network's.
"""

import json
import logging
import sys
from pathlib import Path

import torch

from ostnet.config import PRESETS, ModelConfig
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.trainer import Trainer


def gradients_and_losses(settings: dict) -> dict:
    """Gradients of every stage before the first step; then train: every step's loss, the end."""
    settings = dict(settings)
    PRESETS["tiny"] = ModelConfig.from_dict(settings.pop("model"))
    losses = LossWeights(**settings.pop("losses"))
    trainer = Trainer(TrainConfig(losses=losses, **settings))
    trainer.store.wait()
    seen = {"gradients": _gradients(trainer), "losses": []}
    step = trainer.train_step

    def watched():
        terms, pairs = step()
        seen["losses"].append(trainer.processes.mean(terms["loss"]).item())
        return terms, pairs

    trainer.train_step = watched
    trainer.run()
    seen["weights"] = trainer.model.state_dict()
    seen["average"] = trainer.average.model.state_dict()
    seen["rank"], seen["count"] = trainer.processes.rank, trainer.processes.count
    trainer.processes.close()
    return seen


def _gradients(trainer: Trainer) -> dict[str, dict[str, torch.Tensor]]:
    """Gradients of every stage by name; the trainer is as before afterwards."""
    number, step, found = trainer.number, trainer.step, {}
    for place, stage in enumerate(trainer.stages):
        trainer.number, trainer.step = place, 0
        stage.setup()
        trainer.model.train(stage.trains_batch_norm)
        parts = (trainer.loss(*part) for part in trainer.batches(stage, progress=1.0))
        assert trainer.optimiser.backward(parts)[0]
        named = trainer.model.named_parameters()
        found[stage.name] = {name: p.grad.clone() for name, p in named if p.grad is not None}
    trainer.model.requires_grad_(True)  # the detail stage froze the detector
    trainer.number, trainer.step = number, step
    return found


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("ostnet.training").setLevel(logging.INFO)
    settings = json.loads(Path(sys.argv[1]).read_text())
    results = Path(sys.argv[2])
    results.mkdir(parents=True, exist_ok=True)
    seen = gradients_and_losses(settings)
    torch.save(seen, results / f"{seen['rank']}.pt")
