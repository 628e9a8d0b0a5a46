"""T_theta across identities, on the detector's points alone (beyond the paper).

Pairs of one person do not show what to do when source and driver have faces of different shape;
T_theta would take an open mouth or a long chin for scale. Here it learns from detected points:
pairs of one clip with the augmentation's known scale, and pairs across identities, whose target is
that scale times the ratio of the two clips' typical spreads. The first numbers of its code must
also encode how far mouth and eyes of both are open.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ostnet.landmarks import KEYPOINT_COUNTS, mirrored
from ostnet.model.keypoints import spread
from ostnet.model.layers import Resize
from ostnet.model.ostnet import OSTNet
from ostnet.model.scale import scale_image
from ostnet.training import losses
from ostnet.training.augmentation import draw_scales, scale_points
from ostnet.training.frame_store import FrameStore
from ostnet.training.rng import Generator, rand, randn

PAIRS_EACH = 6
"""Pairs of points, of one clip and as many across identities, for each pair of pictures."""
VIEWS = 2  # random scales at which each frame is detected, beside the plain frame
FRAMES = 8  # frames of each clip that are detected
CHUNK = 64  # frames that the detector reads at once
NOISE = 0.005  # standard deviation of the noise added to the detector's points
OPENNESS_WEIGHT = 0.05
"""Weight of the code's openings, in standard deviations, against the fiducials' L1."""


def detector_input(model: OSTNet) -> Resize:
    """Return the resize to the detector's input size; augmentation is cheaper at that size."""
    return Resize(model.config.motion_resolution * model.config.detector_unshuffle)


@dataclass
class DetectedPoints:
    """Detected points of N frames of many clips, plain and at V random scales."""

    plain: Tensor  # (N, K, 2)
    scaled: Tensor  # (V, N, K, 2): after the augmentation
    scale: Tensor  # (V, N, 2): the augmentation's scale
    openings: Tensor
    """(N, 2): how far mouth and eyes are open, standardised; NaN where unknown."""
    first: Tensor  # (clips,): index of the first frame of each clip
    count: Tensor  # (clips,): number of frames of each clip
    size: Tensor
    """(clips, 2): median spread of the plain points of each clip, its typical face size."""
    balance: Tensor  # (clips,): how often each clip is drawn, so that identities are drawn evenly


@torch.inference_mode()
def detect_points(model: OSTNet, store: FrameStore, generator: torch.Generator) -> DetectedPoints:
    """Run the detector on frames of every clip of a store, plain and at random scales.

    ``generator``: on the CPU. The result is on the device of the store.
    """
    shrink, device = detector_input(model), store.device
    clips = [clip for clip in store.clips if not clip.is_still]
    counts = [min(FRAMES, clip.length) for clip in clips]
    rows = torch.cat(
        [
            clip.start + torch.linspace(0, clip.length - 1, n).long()
            for clip, n in zip(clips, counts, strict=True)
        ]
    )
    scales = draw_scales(VIEWS * len(rows), 0.5, 1.6, generator, log_uniform=True)
    scales = scales.view(VIEWS, len(rows), 2).to(device)
    plain, scaled = [], []
    for part, s in zip(rows.split(CHUNK), scales.split(CHUNK, dim=1), strict=True):
        images = shrink(store.gather(part)[0])
        plain.append(model.keypoints(images))
        scaled.append(torch.stack([model.keypoints(scale_image(images, one)) for one in s]))
    found = torch.cat(plain)
    openings = store.openings[rows].float()
    known = openings[torch.isfinite(openings).all(dim=1)]
    count = torch.tensor(counts)
    names = sorted({clip.identity for clip in clips})
    identity = torch.tensor([names.index(clip.identity) for clip in clips])
    weight = torch.tensor([clip.weight for clip in clips])
    points = DetectedPoints(
        found,
        torch.cat(scaled, dim=1),
        scales,
        (openings - known.mean(dim=0)) / known.std(dim=0, correction=0).clamp(min=1e-6),
        count.cumsum(0) - count,
        count,
        torch.stack([spread(one).median(dim=0).values for one in found.split(counts)]),
        weight / torch.bincount(identity)[identity],
    )
    return DetectedPoints(**{name: value.to(device) for name, value in vars(points).items()})


@dataclass
class PointPairs:
    """Source and driving points with the scale between them."""

    source: Tensor  # (B, K, 2)
    driving: Tensor  # (B, K, 2)
    scale: Tensor  # (B, 2): how many times larger the driving face is
    openings: Tensor
    """(B, 4): mouth and eyes of source and of driving, standardised; NaN where unknown."""


def draw_pairs(
    points: DetectedPoints, count: int, across: bool, generator: Generator
) -> PointPairs:
    """Draw pairs of one clip or, with ``across``, of different identities, evenly over identities.

    Half of them are mirrored if the keypoints are landmarks.
    """
    edges = points.balance.cumsum(0) / points.balance.sum()
    u = rand((count, 6), generator)

    def clip(u: Tensor) -> Tensor:
        return torch.searchsorted(edges, u.contiguous()).clamp(max=len(edges) - 1)

    def frame(clips: Tensor, u: Tensor) -> Tensor:
        return points.first[clips] + (u * points.count[clips]).long()

    source = clip(u[:, 0])
    driver = clip(u[:, 1]) if across else source
    view = (u[:, 2] * len(points.scale)).long()
    one, other = frame(source, u[:, 3]), frame(driver, u[:, 4])
    ours, theirs = points.plain[one], points.scaled[view, other]
    if ours.shape[1] in KEYPOINT_COUNTS:
        flip = (u[:, 5] < 0.5)[:, None, None]
        ours, theirs = (torch.where(flip, mirrored(side), side) for side in (ours, theirs))
    return PointPairs(
        ours,
        theirs,
        points.scale[view, other] * points.size[driver] / points.size[source],
        torch.cat([points.openings[one], points.openings[other]], dim=1),
    )


def scale_code_loss(
    model: OSTNet, points: DetectedPoints, count: int, generator: Generator
) -> Tensor:
    """Return T_theta's loss on ``count`` pairs of one clip and as many across identities.

    The L1 of its fiducials to the known ones, plus the weighted L1 of the code's first four numbers
    to the openings of mouth and eyes of source and driver.
    """
    halves = [draw_pairs(points, count, across, generator) for across in (False, True)]
    source, driving, scale, openings = (
        torch.cat([getattr(half, name) for half in halves])
        for name in ("source", "driving", "scale", "openings")
    )
    noise = [NOISE * randn(tuple(source.shape), generator) for _ in range(2)]
    found = model.align(source + noise[0], driving + noise[1])
    ideal = scale_points(model.scale.base, scale)
    known = torch.isfinite(openings)
    gap = (found.z[:, : openings.shape[1]] - torch.nan_to_num(openings)).abs() * known
    openness = losses.mean_of_known(gap.sum(), known.sum())
    return (found.fiducials - ideal).abs().mean() + OPENNESS_WEIGHT * openness
