"""The terms of the objective (paper section 3.4) and those beyond the paper."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.landmarks import EYE_POINTS, MOUTH
from ostnet.model.layers import identity_grid, sample
from ostnet.training.config import LossWeights
from ostnet.training.parallel import mean_count

Loss = tuple[Tensor, dict[str, Tensor]]
"""The total (scalar) and its unweighted terms by name."""


def weighted(terms: dict[str, Tensor], weights: LossWeights) -> Loss:
    """Return the weighted sum of the terms, and the terms."""
    return sum(getattr(weights, name) * value for name, value in terms.items()), terms  # pyright: ignore[reportReturnType]


def keypoint_distance(keypoints: Tensor, threshold: float) -> Tensor:
    """Return the hinge mean_{i != j} relu(threshold - |x_i - x_j|) / threshold of (B, K, 2).

    The paper's sign() form has zero gradient everywhere; the hinge has the same zero set.
    """
    count = keypoints.shape[1]
    gap = (keypoints[:, :, None] - keypoints[:, None]).square().sum(-1).add(1e-12).sqrt()
    others = 1 - torch.eye(count, device=keypoints.device)
    hinge = F.relu(threshold - gap) / threshold * others  # (B, K, K)
    return hinge.sum(dim=(1, 2)).mean() / (count * (count - 1))


def landmark_gap(keypoints: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """Return the summed L1 of (B, K, 2) to landmarks, and how many coordinates were summed.

    Landmarks that are NaN or outside the picture are left out; the sum is 0 if all are.
    """
    known = (landmarks.abs() < 0.97).all(dim=-1, keepdim=True)  # False for NaN
    gap = (keypoints - torch.nan_to_num(landmarks)).abs() * known
    return gap.sum(), 2 * known.sum()


def landmark_distance(keypoints: Tensor, landmarks: Tensor) -> Tensor:
    """Return the mean L1 of (B, K, 2) over the known landmarks of all processes, or 0."""
    return mean_of_known(*landmark_gap(keypoints, landmarks))


def gap_distance(keypoints: Tensor, landmarks: Tensor, gaps: list[tuple[int, int]]) -> Tensor:
    """Return the mean L1 of vectors between pairs of keypoints (B, K, 2) to the landmarks'."""
    one, other = (list(side) for side in zip(*gaps, strict=True))
    ours = keypoints[:, one] - keypoints[:, other]  # (B, pairs, 2)
    theirs = landmarks[:, one] - landmarks[:, other]
    known = torch.isfinite(theirs).all(dim=-1, keepdim=True)
    return mean_of_known(((ours - torch.nan_to_num(theirs)).abs() * known).sum(), 2 * known.sum())


def flow_distance(flow: Tensor, source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the L1 of the flow (B, h, w, 2) at each target landmark to the source's landmark.

    Landmarks (B, P, 2), NaN where unknown, are weighted by (P,) or (B, P); those outside either
    picture are left out.
    """
    inside = (source.abs() < 0.97) & (target.abs() < 0.97)  # False for NaN
    known = inside.all(dim=-1, keepdim=True) * weights[..., None]
    at = torch.nan_to_num(target)[:, :, None]  # (B, P, 1, 2)
    found = sample(flow.permute(0, 3, 1, 2), at)[..., 0].mT  # (B, P, 2)
    gap = (found - torch.nan_to_num(source)).abs() * known
    return mean_of_known(gap.sum(), 2 * known.sum())


def fiducial_distance(fiducials: Tensor, ideal: Tensor, rows: Tensor) -> Tensor:
    """Return the mean L1 of fiducial points (B, 12, 2) over the rows (B,) of known scale."""
    gap = (fiducials - ideal).abs().mean(dim=(1, 2)) * rows
    return mean_of_known(gap.sum(), rows.sum())


def mean_of_known(total: Tensor, count: Tensor) -> Tensor:
    """Return ``total`` over the count of all processes: their mean is the whole batch's loss."""
    return total / mean_count(count).clamp(min=1e-3)


def region_weights(landmarks: Tensor, height: int, width: int, extra: float) -> Tensor:
    """Return pixel weights (B, 1, H, W): 1, plus up to ``extra`` near mouth and eyes.

    ``landmarks``: (B, 70, 2); NaN is ignored.
    """
    points = landmarks[:, [*MOUTH, *EYE_POINTS]]
    coarse = identity_grid(64, 64, device=points.device)
    known = torch.isfinite(points).all(dim=-1)[:, :, None, None]
    squared = (coarse - torch.nan_to_num(points)[:, :, None, None]).square().sum(-1)
    near = (torch.exp(-0.5 * squared / 0.06**2) * known).amax(dim=1, keepdim=True)  # (B, 1, 64, 64)
    near = F.interpolate(near, size=(height, width), mode="bilinear", align_corners=True)
    return 1 + extra * near


def pixel_distance(prediction: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean absolute difference of pictures (B, 3, H, W), weighted by (B, 1, H, W)."""
    gap = (prediction - target).abs()
    return (gap if weights is None else gap * weights).mean()
