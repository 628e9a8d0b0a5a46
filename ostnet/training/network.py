"""The network that a run starts from: a preset or a checkpoint, less what the run leaves out."""

from dataclasses import replace

from ostnet.config import PRESETS
from ostnet.model.ostnet import OSTNet
from ostnet.training.config import TrainConfig


def initial_network(config: TrainConfig) -> OSTNet:
    """A network with ``config.init``'s weights, or the preset's random ones.

    Parts that ``config.without`` names are absent for good; weights that a checkpoint holds for
    them are dropped. A part that the checkpoint lacks stays absent.
    """
    start = None if config.init is None else OSTNet.from_pretrained(config.init)
    whole = PRESETS[config.preset] if start is None else start.config
    model = OSTNet(
        replace(
            whole,
            with_scale_transform=whole.with_scale_transform and "transform" not in config.removed,
            with_scale_embedding=whole.with_scale_embedding and "embedding" not in config.removed,
        )
    )
    if start is not None:
        kept = model.state_dict().keys()
        model.load_state_dict({k: v for k, v in start.state_dict().items() if k in kept})
    return model
