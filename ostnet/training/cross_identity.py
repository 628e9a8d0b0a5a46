"""T_theta across people, on the detector's points alone (beyond the paper; see the model card).

Pairs of one person say nothing of what to do when source and driver have faces of different shape:
there T_theta would take an open mouth or a long chin for scale. Here it learns from the detector's
points of many frames: pairs of one clip with the augmentation's known scale, and pairs across
people, whose target is that scale times the ratio of the two clips' typical spreads. The first
numbers of its code must also say how far mouth and eyes of both are open.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ostnet.landmarks import KEYPOINT_COUNTS, mirrored
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet
from ostnet.model.rescale import scale_image
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.frame_store import FrameStore
from ostnet.training.pairs import Clip
from ostnet.training.rng import Generator, rand, randn
from ostnet.training.warm_start import detector_view

PAIRS_EACH = 6
"""Pairs of points, of one clip and as many across people, for each pair of pictures."""
VIEWS = 2
"""Random scales at which each frame is seen, beside the plain frame."""
FRAMES = 8
"""Frames of each clip that are looked at."""
CHUNK = 64
"""Frames that the detector reads at once."""
NOISE = 0.005
"""Standard deviation of the noise added to the detector's points."""
OPENNESS_WEIGHT = 0.05
"""Of what the code says of mouth and eyes, in standard deviations, against fiducials' L1."""


@dataclass
class DetectedPoints:
    """Detector's points of N frames of many clips, each seen plain and at V random scales."""

    plain: Tensor
    """(N, K, 2)."""
    scaled: Tensor
    """(V, N, K, 2): after the augmentation."""
    scale: Tensor
    """(V, N, 2): the augmentation's scale."""
    openings: Tensor
    """(N, 2): how far mouth and eyes are open, standardised; NaN where unknown."""
    first: Tensor
    """(clips,): index of the first frame of each clip."""
    count: Tensor
    """(clips,): number of frames of each clip."""
    size: Tensor
    """(clips, 2): median spread of the plain points of each clip, its typical face size."""
    balance: Tensor
    """(clips,): how often each clip is drawn, so that people are drawn evenly."""


@torch.inference_mode()
def detect_points(model: OSTNet, store: FrameStore, generator: torch.Generator) -> DetectedPoints:
    """Run the detector over frames of every clip of a store, plain and at random scales.

    ``generator``: of the CPU. What it returns lies where the store's frames do.
    """
    shrink, device = detector_view(model), store.device
    clips: list[Clip] = [clip for clip in store.clips if not clip.is_still]
    counts = [min(FRAMES, clip.length) for clip in clips]
    rows = torch.cat(
        [
            clip.start + torch.linspace(0, clip.length - 1, n).long()
            for clip, n in zip(clips, counts, strict=True)
        ]
    )
    scales = augment.draw_scales(VIEWS * len(rows), 0.5, 1.6, generator, log_uniform=True)
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

    source: Tensor
    """(B, K, 2)."""
    driving: Tensor
    """(B, K, 2)."""
    scale: Tensor
    """(B, 2): how many times larger the driving face is."""
    openings: Tensor
    """(B, 4): mouth and eyes of source and of driving, standardised; NaN where unknown."""


def draw_pairs(
    points: DetectedPoints, count: int, across: bool, generator: Generator
) -> PointPairs:
    """Random pairs of one clip, or (``across``) of different people's; people drawn evenly.

    Half of them are mirrored, where the keypoints are landmarks.
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
    keypoints = points.plain.shape[1]
    flip = (u[:, 5] < 0.5)[:, None, None]

    def flipped(points: Tensor) -> Tensor:
        if keypoints not in KEYPOINT_COUNTS:
            return points
        return torch.where(flip, mirrored(points), points)

    return PointPairs(
        flipped(points.plain[one]),
        flipped(points.scaled[view, other]),
        points.scale[view, other] * points.size[driver] / points.size[source],
        torch.cat([points.openings[one], points.openings[other]], dim=1),
    )


def scale_code_loss(
    model: OSTNet, points: DetectedPoints, count: int, generator: Generator
) -> Tensor:
    """L1 of T_theta's fiducials to the known ones: ``count`` pairs of one clip, and as many across.

    To it comes the L1 of the code's first four numbers to the openings of mouth and eyes, source's
    and driver's, that they are to say.
    """
    halves = [draw_pairs(points, count, across, generator) for across in (False, True)]
    source, driving, scale, openings = (
        torch.cat([getattr(half, name) for half in halves])
        for name in ("source", "driving", "scale", "openings")
    )
    noise = [NOISE * randn(tuple(source.shape), generator) for _ in range(2)]
    found = model.align(source + noise[0], driving + noise[1])
    ideal = augment.ideal_fiducials(model.scale.base, scale)
    known = torch.isfinite(openings)
    gap = (found.z[:, : openings.shape[1]] - torch.nan_to_num(openings)).abs() * known
    openness = losses.mean_of_known(gap.sum(), known.sum())
    return (found.fiducials - ideal).abs().mean() + OPENNESS_WEIGHT * openness


@torch.inference_mode()
def scale_error(model: OSTNet, points: DetectedPoints, across: bool) -> tuple[float, float]:
    """Median |ln(s^ / s)| over 4,096 pairs and both axes: T_theta's, the closed form's."""
    generator = torch.Generator(points.plain.device).manual_seed(1)
    pairs = draw_pairs(points, 4096, across, generator)
    learned = model.align(pairs.source, pairs.driving).scale
    closed = spread(pairs.driving) / spread(pairs.source)
    return tuple(float((s / pairs.scale).log().abs().median()) for s in (learned, closed))
