"""Random numbers that do not depend on how many processes share a step.

Each step has its own seeds, derived from (run, stage, step), so no generator state is saved. Every
process draws the numbers of all pairs of a step and keeps its own rows: one process with 8 pairs
sees what two processes with 4 pairs each see together.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class RowGenerator:
    """A generator of which this process keeps ``rows`` rows out of ``total``, from ``first`` on.

    Serves wherever a ``torch.Generator`` does in this package.
    """

    generator: torch.Generator
    first: int
    rows: int
    total: int

    @property
    def device(self) -> torch.device:
        """Return the device on which the numbers are drawn."""
        return self.generator.device


Generator = torch.Generator | RowGenerator


def rand(shape: tuple[int, ...], generator: Generator, dtype=torch.float32) -> Tensor:
    """Return uniform numbers of [0, 1) on the generator's device; the first axis counts pairs."""
    return _rows(torch.rand, shape, generator, dtype)


def randn(shape: tuple[int, ...], generator: Generator, dtype=torch.float32) -> Tensor:
    """Return standard normal numbers on the generator's device; the first axis counts pairs."""
    return _rows(torch.randn, shape, generator, dtype)


def uniform(shape: tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Return uniform numbers of [low, high); the first axis counts pairs."""
    return low + (high - low) * rand(shape, generator)


def _rows(draw, shape: tuple[int, ...], generator: Generator, dtype) -> Tensor:
    """Return this process's rows; a pair may have several rows, one after the other."""
    if isinstance(generator, RowGenerator) and generator.rows == generator.total:
        generator = generator.generator
    if isinstance(generator, torch.Generator):
        return draw(shape, generator=generator, device=generator.device, dtype=dtype)
    each, rest = divmod(shape[0], generator.rows)
    if rest:
        raise ValueError(f"draw of {shape[0]} rows: expected a multiple of {generator.rows} pairs")
    whole = (each * generator.total, *shape[1:])
    numbers = draw(whole, generator=generator.generator, device=generator.device, dtype=dtype)
    start = each * generator.first
    return numbers[start : start + shape[0]]


def step_seeds(seed: int, stage: int, step: int) -> tuple[int, int]:
    """Return two seeds for one step: one to draw its pairs, one to augment them."""
    pairs, augmentation = np.random.SeedSequence([seed, stage, step]).generate_state(2, np.uint64)
    return int(pairs) >> 1, int(augmentation) >> 1
