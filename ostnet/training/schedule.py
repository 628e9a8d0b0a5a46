"""How a run goes: learning rate over its length in steps or in minutes, and its precision."""

import math
import os

import torch

from ostnet.errors import InputError

STAGES = ("keypoints", "scale", "joint", "detail")
"""The warm start's two stages, the paper's objective, and what comes after it (detail.py)."""


def rate_factor(schedule: str, progress: float) -> float:
    """Factor on the learning rate at ``progress`` in [0, 1] of the run.

    ``step``: 1, then 0.1 from 80 %; ``cosine``: from 1 to .01; ``constant``: 1.
    """
    if schedule == "step":
        return 1.0 if progress < 0.8 else 0.1
    if schedule == "cosine":
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return 1.0


def progress_of(step: int, steps: int | None, elapsed: float, minutes: float | None) -> float:
    """Share of the run that is done: by steps where they are given, else by time.

    Only a run measured in steps repeats exactly; one measured in minutes decays within each call.
    """
    if steps is not None:
        return 1.0 if step >= steps else step / steps
    if minutes is not None:
        return min(elapsed / (60 * minutes), 1.0)
    return 0.0


def use_bf16(precision: str, device: torch.device) -> bool:
    """Whether networks run under bf16 autocast: ``bf16``, ``fp32``, or ``auto`` by the device.

    ``auto`` also follows ``accelerate launch --mixed_precision bf16``. Raises InputError where the
    launcher asks for a precision that needs loss scaling.
    """
    launched = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launched not in ("no", "bf16"):
        raise InputError(f"mixed_precision: found {launched}; expected no or bf16")
    if precision == "auto":
        return device.type == "cuda" or launched == "bf16"
    return precision == "bf16"
