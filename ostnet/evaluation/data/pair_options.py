"""How pairs of source and driving frame are drawn."""

from dataclasses import dataclass

from ostnet.errors import InputError


@dataclass(kw_only=True)
class PairOptions:
    """Options of the draw. Raises InputError for numbers below 1."""

    pairs: int | None = None
    """Pairs (source picture, driving frame) in all, spread evenly over the clips, before protocols
    put each at several scales; default: by ``frames``. stability takes ``frames`` alone."""

    random_frames: bool = False
    """Draw both frames of every pair by the seed, as in DaGAN's and MCNet's lists, in place of the
    first frame driven by evenly spaced ones; for same-scale, different-scale, cross-identity,
    embedding and probe."""

    seed: int = 0
    """Seed of the draws of clips, frames, scales and shifts."""

    frames: int | None = None
    """Driving frames per clip; default: the protocol's own number, 12 for the first three."""

    scale_per_clip: bool = False
    """Draw one scale per driving clip instead of one per frame."""

    def __post_init__(self):
        for name in ("pairs", "frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")
