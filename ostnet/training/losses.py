"""The terms of the objective (paper section 3.4) and the warm start's two extra ones."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.model.layers import identity_grid, sample
from ostnet.training.parallel import over_all


def keypoint_distance(keypoints: Tensor, threshold: float) -> Tensor:
    """Hinge mean_{i != j} relu(threshold - |x_i - x_j|) / threshold of (B, K, 2).

    The paper's sign() form has zero gradient everywhere; the hinge has the same zero set.
    """
    count = keypoints.shape[1]
    gap = (keypoints[:, :, None] - keypoints[:, None]).square().sum(-1).add(1e-12).sqrt()
    others = 1 - torch.eye(count, device=keypoints.device)
    hinge = F.relu(threshold - gap) / threshold * others  # (B, K, K)
    return hinge.sum(dim=(1, 2)).mean() / (count * (count - 1))


def landmark_gap(keypoints: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """Summed L1 of (B, K, 2) to the landmarks that are known (not NaN) and inside the picture.

    The second value is the number of coordinates summed. The sum is 0 where none is known.
    """
    known = (landmarks.abs() < 0.97).all(dim=-1, keepdim=True)  # False for NaN
    gap = (keypoints - torch.nan_to_num(landmarks)).abs() * known
    return gap.sum(), 2 * known.sum()


def landmark_distance(keypoints: Tensor, landmarks: Tensor) -> Tensor:
    """Mean L1 of (B, K, 2) over the known landmarks of all processes; 0 where none is known."""
    return mean_of_known(*landmark_gap(keypoints, landmarks))


def gap_distance(keypoints: Tensor, landmarks: Tensor, gaps: list[tuple[int, int]]) -> Tensor:
    """Mean L1 of the vectors between pairs of keypoints (B, K, 2) to those between landmarks."""
    one, other = (list(side) for side in zip(*gaps, strict=True))
    ours = keypoints[:, one] - keypoints[:, other]  # (B, pairs, 2)
    theirs = landmarks[:, one] - landmarks[:, other]
    known = torch.isfinite(theirs).all(dim=-1, keepdim=True)
    return mean_of_known(((ours - torch.nan_to_num(theirs)).abs() * known).sum(), 2 * known.sum())


def flow_distance(flow: Tensor, source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Landmark flow: the flow (B, h, w, 2) at each target landmark must meet the source's.

    Landmarks (B, P, 2), NaN where unknown; L1, weighted by (P,) or (B, P). Points that lie outside
    either picture are left out.
    """
    inside = (source.abs() < 0.97) & (target.abs() < 0.97)  # False for NaN
    known = inside.all(dim=-1, keepdim=True) * weights[..., None]
    at = torch.nan_to_num(target)[:, :, None]  # (B, P, 1, 2)
    found = sample(flow.permute(0, 3, 1, 2), at)[..., 0].mT  # (B, P, 2)
    gap = (found - torch.nan_to_num(source)).abs() * known
    return mean_of_known(gap.sum(), 2 * known.sum())


def fiducial_distance(fiducials: Tensor, ideal: Tensor, rows: Tensor) -> Tensor:
    """Mean L1 of fiducial points (B, 12, 2) over the rows (B,) where the scale is known."""
    gap = (fiducials - ideal).abs().mean(dim=(1, 2)) * rows
    return mean_of_known(gap.sum(), rows.sum())


def mean_of_known(total: Tensor, count: Tensor) -> Tensor:
    """``total`` over the count in all processes, so that the losses' mean is the whole batch's."""
    return total / over_all(count).clamp(min=1e-3)


def region_weights(points: Tensor, height: int, width: int, extra: float) -> Tensor:
    """Pixel weights (B, 1, H, W): 1, plus up to ``extra`` near points (B, P, 2); NaN is ignored."""
    coarse = identity_grid(64, 64, device=points.device)
    known = torch.isfinite(points).all(dim=-1)[:, :, None, None]
    squared = (coarse - torch.nan_to_num(points)[:, :, None, None]).square().sum(-1)
    near = (torch.exp(-0.5 * squared / 0.06**2) * known).amax(dim=1, keepdim=True)  # (B, 1, 64, 64)
    near = F.interpolate(near, size=(height, width), mode="bilinear", align_corners=True)
    return 1 + extra * near


def pixel_distance(prediction: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean absolute difference of pictures (B, 3, H, W), weighted by (B, 1, H, W)."""
    gap = (prediction - target).abs()
    return (gap if weights is None else gap * weights).mean()
