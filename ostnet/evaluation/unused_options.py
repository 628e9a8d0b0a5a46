"""Options that were given though nothing that was asked for uses them."""

from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols.suite import SUITE
from ostnet.methods import TRAINED_APART


def unused_options(config: EvaluateConfig) -> list[str]:
    """Flags, such as ``--lineage``, that change nothing about the requested protocols."""
    protocols = [SUITE[name] for name in config.protocols() if not SUITE[name].direct]
    shared = [p for p in protocols if p.own_methods is None]
    by_total = config.pairs is not None
    uses = {
        "random_frames": any("random_frames" in p.heeds for p in protocols),
        "scale_per_clip": any(p.scales_drawn for p in protocols),
        "pairs": any("pairs" in p.heeds for p in protocols),
        "frames": any(not by_total or "pairs" not in p.heeds for p in protocols),
        "methods": bool(shared),
        "lineage": any("lineage" in p.heeds for p in protocols),
    }
    for name in TRAINED_APART:
        wanted = config.methods == "all" or name in config.methods.split(",")
        uses[name] = wanted and any(p.methods is None for p in shared)
    default = {"methods": "all"}
    given = [name for name in uses if getattr(config, name) not in (None, False, default.get(name))]
    return ["--" + name.replace("_", "-") for name in given if not uses[name]]
