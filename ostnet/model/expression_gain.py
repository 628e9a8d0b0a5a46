"""Expression gains: mouth, eyelids and gaze move further than detected (beyond the paper).

A network learns less movement than its training pictures show: the mouth of a result opens less
than the driver's. So the differences of the driving keypoints of lips, lids and irises from the
source's are amplified. A driver with the source's expression changes nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ostnet.landmarks import KEYPOINTS

SMALLEST = 1e-4  # gaps (in [-1, 1] coordinates) below this have no defined direction


@dataclass(frozen=True)
class Opening:
    """Two groups of keypoints that move apart."""

    upper: tuple[str, ...]  # names; the gap is between the first of these and of lower
    lower: tuple[str, ...]
    share: float  # share of a change that moves the lower ones; the rest moves the upper ones


MOUTH = (
    Opening(
        ("lip_inner_upper", "lip_upper", "lip_bow_left", "lip_bow_right"),
        ("lip_inner_lower", "lip_lower"),
        share=0.9,
    ),
)
EYES = (
    Opening(("lid_upper_left",), ("lid_lower_left",), share=0.2),
    Opening(("lid_upper_right",), ("lid_lower_right",), share=0.2),
)


def amplify_expression(
    x_source: Tensor, x_driving: Tensor, mouth: float, eyes: float, gaze: float = 1.0
) -> Tensor:
    """Return driving keypoints (B, K, 2) whose expression differs more from the source's.

    A gap g of lips or lids becomes g + (gain - 1) (g - source's), and at least 0. So does the place
    of each iris between the corners of its eye, along the line through both.

    Args:
        x_source: keypoints that have learned landmarks, lids included.
        x_driving: those of the driving frame, at the source's scale.
        mouth: gain of the lips; 1 changes nothing.
        eyes: gain of the lids.
        gaze: gain of the irises.
    """
    moved = x_driving
    for side in ("left", "right") if gaze != 1 else ():
        moved = moved + (gaze - 1) * _sideways(side, x_source, x_driving)
    for openings, gain in ((MOUTH, mouth), (EYES, eyes)):
        for opening in openings if gain != 1 else ():
            moved = moved + _change(opening, gain, x_source, x_driving)
    return moved


def _sideways(side: str, x_source: Tensor, x_driving: Tensor) -> Tensor:
    """Return how far an iris is along its eye from its place in the source: (B, K, 2), else 0."""
    iris, outer, inner = (
        list(KEYPOINTS).index(f"{part}_{side}") for part in ("iris", "eye_outer", "eye_inner")
    )

    def placed(points: Tensor) -> tuple[Tensor, Tensor]:
        across = points[:, outer] - points[:, inner]  # (B, 2)
        from_middle = points[:, iris] - (points[:, outer] + points[:, inner]) / 2
        square = across.square().sum(dim=-1, keepdim=True).clamp(min=SMALLEST**2)
        return (from_middle * across).sum(dim=-1, keepdim=True) / square, across

    (before, _), (now, across) = placed(x_source), placed(x_driving)
    chosen = torch.zeros(x_driving.shape[1], 1, device=x_driving.device)
    chosen[iris] = 1
    return ((now - before) * across)[:, None] * chosen


def _change(opening: Opening, gain: float, x_source: Tensor, x_driving: Tensor) -> Tensor:
    """Return the change of the driving keypoints: (B, K, 2)."""
    names = list(KEYPOINTS)
    upper, lower = ([names.index(name) for name in part] for part in (opening.upper, opening.lower))
    there = x_source[:, lower[0]] - x_source[:, upper[0]]  # (B, 2)
    here = x_driving[:, lower[0]] - x_driving[:, upper[0]]
    wide, gap = (one.square().sum(dim=-1, keepdim=True).sqrt() for one in (there, here))
    wanted = (gap + (gain - 1) * (gap - wide)).clamp(min=0)  # (B, 1)
    change = here * (wanted / gap.clamp(min=SMALLEST) - 1)  # (B, 2)
    shares = torch.zeros(x_driving.shape[1], 1, device=x_driving.device)
    for part, share in ((lower, opening.share), (upper, opening.share - 1)):
        for index in part:  # one by one: a list of indices would be copied to a GPU
            shares[index] = share
    return change[:, None] * shares  # (B, K, 2)
