"""``benchmark``: what a frame costs on this machine, by stage, back end and variant. No data."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ostnet import hub
from ostnet.animation import VARIANTS
from ostnet.animation.animator import Animator
from ostnet.backends import usable
from ostnet.errors import InputError
from ostnet.evaluation.stages import (
    STAGES,
    WARM_UP,
    device_name,
    milliseconds,
    multiplications,
    stage_calls,
)
from ostnet.model.ostnet import OSTNet


@dataclass
class BenchmarkConfig:
    """Options of ``ostnet benchmark``."""

    checkpoint: str | None = None
    """Folder or Hub repository of the network; default: the embedded weights."""

    device: str = "auto"
    """auto, cpu, cuda, ..."""

    threads: int | None = None
    """CPU threads; default: torch's."""

    repeats: int = 20
    """Timed calls of each stage and frames of each back end; their median counts."""

    output: Path | None = None
    """JSON file for the figures; default: they are only printed."""

    def __post_init__(self):
        self.output = Path(self.output) if self.output else None
        for name in ("threads", "repeats"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")


def benchmark(config: BenchmarkConfig) -> dict:
    """Measure one network.

    Returns ``{"checkpoint", "machine", "parameters", "stages": {NAME: {"ms", "gmac"}},
    "frame_ms": {BACKEND: {VARIANT: ms}}}``. Stages are float32 and leave out conversion; a frame
    goes from uint8 picture to uint8 picture. Times do not depend on what the pictures show.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    found = hub.resolve(config.checkpoint, config.device)
    animator = Animator(OSTNet.from_pretrained(str(found.folder)), config.device)
    picture = _picture(animator.size)
    result = {
        "checkpoint": found.name,
        "machine": f"torch {torch.__version__}, {device_name(animator.device)}",
        "parameters": sum(weight.numel() for weight in animator.model.parameters()),
        "stages": _stages(animator, picture, config.repeats),
        "frame_ms": {
            backend: {
                variant: _frame(animator, backend, variant, picture, config.repeats)
                for variant in VARIANTS
            }
            for backend in usable(animator.device)
        },
    }
    if config.output:
        config.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def table(result: dict) -> str:
    """The figures as lines of text."""
    lines = [f"{result['checkpoint']}: {result['parameters'] / 1e6:.2f} million parameters"]
    lines += [result["machine"], "", f"{'stage, float32':28}{'ms':>8}{'GMAC':>8}"]
    for name, cost in result["stages"].items():
        lines.append(f"{name:28}{cost['ms']:8.1f}{cost['gmac']:8.2f}  {STAGES[name]}")
    lines += ["", f"{'back end':28}" + "".join(f"{name:>14}" for name in VARIANTS) + "  ms a frame"]
    for backend, times in result["frame_ms"].items():
        lines.append(f"{backend:28}" + "".join(f"{times[name]:14.1f}" for name in VARIANTS))
    return "\n".join(lines)


@torch.inference_mode()
def _stages(animator: Animator, picture: np.ndarray, repeats: int) -> dict[str, dict[str, float]]:
    frame = torch.from_numpy(picture).permute(2, 0, 1)[None].float().div(255).to(animator.device)
    return {
        name: {
            "ms": milliseconds(call, animator.device, repeats),
            "gmac": multiplications(call),
        }
        for name, call in stage_calls(animator.model, frame).items()
    }


def _frame(
    animator: Animator, backend: str, variant: str, picture: np.ndarray, repeats: int
) -> float:
    """Median time of a frame in milliseconds, from picture to picture."""
    animator = Animator(animator.model, str(animator.device), backend)
    animator.set_source(picture)
    frames = animator.variants([picture] * (repeats + WARM_UP), [variant])
    return float(np.median([made[variant].ms for made in frames][WARM_UP:]))


def _picture(size: int) -> np.ndarray:
    """uint8 (size, size, 3) of noise."""
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
