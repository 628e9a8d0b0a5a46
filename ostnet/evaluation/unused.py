"""Options that were given though nothing that was asked for uses them."""

from ostnet.evaluation import suite
from ostnet.evaluation.config import EvaluateConfig
from ostnet.evaluation.extras import unused_networks
from ostnet.evaluation.protocols import reconstruct
from ostnet.methods import TRAINED_APART

RANDOM_FRAMES = (suite.same_scale_pairs, suite.different_scale_pairs, suite.cross_pairs)
"""Draws that heed ``random_frames``."""


def unused_options(config: EvaluateConfig) -> list[str]:
    """Flags, such as ``--arcface``, that change nothing about the requested protocols."""
    protocols = [suite.SUITE[name] for name in config.protocols() if name in suite.SUITE]
    shared = [p for p in protocols if p.own_methods is None]
    by_total = config.pairs is not None
    uses = {
        "random_frames": any(p.pairs in RANDOM_FRAMES for p in protocols),
        "scale_per_clip": any(p.scales_drawn for p in protocols),
        "pairs": any(p.pairs is not suite.stability_pairs for p in protocols),
        "frames": any(not by_total or p.pairs is suite.stability_pairs for p in protocols),
        "methods": bool(shared),
        "lineage": any(p.measure is reconstruct for p in protocols),
    }
    for name in TRAINED_APART:
        wanted = config.methods == "all" or name in config.methods.split(",")
        uses[name] = wanted and any(p.methods is None for p in shared)
    default = {"methods": "all"}
    given = [name for name in uses if getattr(config, name) not in (None, False, default.get(name))]
    flags = ["--" + name.replace("_", "-") for name in given if not uses[name]]
    return flags + unused_networks(config, {kind for p in protocols for kind in p.extra})
