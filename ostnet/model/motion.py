"""Dense motion: from sparse keypoints to a flow and an occlusion map (first-order-model)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.expression_gain import amplify_expression
from ostnet.model.layers import Hourglass, Resize, conv_block, identity_grid, resize, sample

HEATMAP_VARIANCE = 0.01
"""Variance of the Gaussian drawn at each keypoint, in units of [-1, 1] coordinates."""

DECAY, FARTHEST = 0.5 / HEATMAP_VARIANCE, 20.0
"""Factor of the squared distance along each axis in its exponent, and the exponent's limit."""

LARGEST_CORRECTION = 0.1
"""Largest change of the flow by the refinement, in [-1, 1] coordinates (13 of 256 pixels)."""


@dataclass
class Motion:
    """A flow, the place of each output pixel in the source, and an occlusion map."""

    flow: Tensor  # (B, h, w, 2): position in the source, in [-1, 1]
    occlusion: Tensor  # (B, 1, h, w) in [0, 1]; 0 where the source shows nothing

    def flow_at(self, height: int, width: int) -> Tensor:
        """Return the flow (B, H, W, 2) at another size."""
        return resize(self.flow.permute(0, 3, 1, 2), height, width).permute(0, 2, 3, 1)

    def occlusion_at(self, height: int, width: int) -> Tensor:
        """Return the occlusion (B, 1, H, W) at another size."""
        return resize(self.occlusion, height, width)


def inside(flow: Tensor, bounds: Tensor | None, soft: float) -> Tensor:
    """Return where a flow (B, h, w, 2) points into the source: (B, 1, h, w), 1 inside, 0 outside.

    Args:
        flow: where in the source each pixel comes from.
        bounds: left, top, right and bottom of the source (B, 4); None: -1, -1, 1, 1.
        soft: the distance outside the bounds over which the value falls from 1 to 0.
    """
    with torch.autocast(flow.device.type, enabled=False):
        flow = flow.float()
        low: Tensor | float = -1.0
        high: Tensor | float = 1.0
        if bounds is not None:
            low, high = bounds.float()[:, None, None].split(2, dim=-1)  # (B, 1, 1, 2) each
        outside = torch.maximum(low - flow, flow - high).amax(dim=-1)  # (B, h, w)
        return (1 - outside / soft).clamp(0, 1)[:, None]


def gaussian_maps(keypoints: Tensor, height: int, width: int) -> Tensor:
    """Return a Gaussian (B, K, H, W) at each keypoint (B, K, 2), peak 1, nowhere below 1e-18.

    Smaller values could become denormal, which halves the speed of convolutions on a CPU.
    """
    x, y = (torch.linspace(-1, 1, side, device=keypoints.device) for side in (width, height))
    across, down = (
        torch.exp(-(places - keypoints[..., axis, None]).square().mul(DECAY).clamp(max=FARTHEST))
        for axis, places in enumerate((x, y))
    )  # (B, K, W), (B, K, H)
    return down[..., None] * across[:, :, None]


def roll_between(x_source: Tensor, x_driving: Tensor) -> Tensor:
    """Return the rotation (B, 2, 2) that maps a driving head's points, as rows, to the source's.

    Least squares over all keypoints (B, K, 2) about their means (Umeyama, PAMI 1991, without the
    scale); the identity for coinciding keypoints.
    """
    one = x_driving - x_driving.mean(dim=1, keepdim=True)
    other = x_source - x_source.mean(dim=1, keepdim=True)
    along = (one * other).sum(dim=(1, 2)) + 1e-6
    across = (one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]).sum(dim=1)
    length = (along.square() + across.square()).sqrt()
    cosine, sine = along / length, across / length
    return torch.stack([cosine, sine, -sine, cosine], dim=1).unflatten(1, (2, 2))


@dataclass
class Candidates:
    """Candidate flows: the place of each output pixel if it follows keypoint k, or nothing.

    Candidate 0 is the identity (background); candidate k is (p - x_driving_k) R + x_source_k, with
    R the identity or the head's roll: a grid that is the same for all k, and a shift.
    """

    still: Tensor  # (1, H, W, 2): every pixel's own place p
    turned: Tensor  # (B or 1, H, W, 2): p R
    shifts: Tensor  # (B, K, 2): x_source_k - x_driving_k R

    def flows(self, count: int) -> Tensor:
        """Return the flows of the first ``count`` candidates: (B, count, H, W, 2)."""
        still = self.still.expand(len(self.shifts), 1, -1, -1, -1)
        moved = self.turned[:, None] + self.shifts[:, : count - 1, None, None]
        return torch.cat([still, moved], dim=1)

    def mean(self, weights: Tensor) -> Tensor:
        """Return their mean (B, H, W, 2) with weights (B, H * W, K + 1 or more).

        The weights add up to 1; any beyond the last candidate's are 0.
        """
        others = weights.shape[-1] - self.shifts.shape[1] - 1
        shifts = F.pad(self.shifts, (0, 0, 1, others))  # as many as there are weights
        still, turned = self.still.flatten(1, 2), self.turned.flatten(1, 2)
        mean = turned + weights[..., :1] * (still - turned) + weights @ shifts  # (B, H * W, 2)
        return mean.unflatten(1, self.still.shape[1:3])


def candidates(
    x_source: Tensor, x_driving: Tensor, height: int, width: int, turn: bool = False
) -> Candidates:
    """Return the candidates of keypoints (B, K, 2); ``turn``: with the head's roll."""
    still = identity_grid(height, width, device=x_source.device)[None]
    if not turn:
        return Candidates(still, still, x_source - x_driving)
    roll = roll_between(x_source, x_driving)  # (B, 2, 2)
    turned = (still.flatten(1, 2) @ roll).unflatten(1, (height, width))  # (B, H, W, 2)
    return Candidates(still, turned, x_source - x_driving @ roll)


class Refinement(nn.Module):
    """Corrects flow and occlusion at twice the motion resolution; an untrained one does nothing.

    At 64 x 64 an eye is two pixels high. Sees dense motion's features and the warped source.
    """

    def __init__(self, features: int, width: int, side: int):
        super().__init__()
        self.shrink = Resize(2 * side)  # resizes the source for forward
        self.reduce = nn.Conv2d(features, width, 1)
        self.body = nn.Sequential(conv_block(width + 3, width), conv_block(width, width))
        self.head = nn.Conv2d(width, 3, 3, padding=1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, seen: Tensor, features: Tensor, coarse: Motion) -> Motion:
        """Return the motion at 2h x 2w of source (B, 3, 2h, 2w), features and motion at h x w."""
        height, width = seen.shape[-2:]
        flow = coarse.flow_at(height, width)
        known = F.interpolate(self.reduce(features), scale_factor=2, mode="nearest")
        body = self.body(torch.cat([known, sample(seen, flow).to(known.dtype)], dim=1))
        with torch.autocast(seen.device.type, enabled=False):
            change = self.head(body.float()).tanh()  # (B, 3, 2h, 2w)
            flow = flow + LARGEST_CORRECTION * change[:, :2].permute(0, 2, 3, 1)
            occlusion = coarse.occlusion_at(height, width) + change[:, 2:]
        return Motion(flow, occlusion.clamp(0, 1))


class DenseMotion(nn.Module):
    """Predicts the :class:`Motion` from source, x_S and x_D^."""

    masks_alone: Tensor  # (K + 2,): 0 for the masks, and for occlusion what leaves it no weight

    def __init__(self, config: ModelConfig):
        super().__init__()
        candidates = config.keypoints + 1
        warped = config.keypoints if config.warped_hints is None else config.warped_hints
        self.warped = warped + 1
        self.turn = config.candidates == "turn"
        self.gains = config.gains
        self.hourglass = Hourglass(
            4 * self.warped + candidates - self.warped,
            config.motion_width,
            config.hourglass_blocks,
            config.motion_max_width or config.hourglass_max_width,
        )
        kernel, padding = config.mask_kernel, config.mask_kernel // 2
        features = self.hourglass.width
        self.mask = nn.Conv2d(features, candidates, kernel, padding=padding)
        self.occlusion = nn.Conv2d(features, 1, kernel, padding=padding)
        alone = torch.zeros(candidates + 1)
        alone[-1] = -1e4  # splitting occlusion off before the softmax is slower on a CPU
        self.register_buffer("masks_alone", alone, persistent=False)
        self.refinement = None
        if config.refinement_width:
            side = config.motion_resolution
            self.refinement = Refinement(features, config.refinement_width, side)

    def forward(
        self, small: Tensor, medium: Tensor | None, x_source: Tensor, x_driving: Tensor
    ) -> Motion:
        """Return the motion at h x w or, refined, at 2h x 2w.

        Args:
            small: the source at motion resolution (B, 3, h, w).
            medium: the source at twice that (B, 3, 2h, 2w); None without refinement.
            x_source: its keypoints (B, K, 2).
            x_driving: the keypoints to follow (B, K, 2).
        """
        height, width = small.shape[-2:]
        with torch.autocast(small.device.type, enabled=False):
            x_source = x_source.float()
            x_driving = amplify_expression(x_source, x_driving.float(), *self.gains)
            followed = candidates(x_source, x_driving, height, width, self.turn)
            hints = self._hints(small, x_source, x_driving, followed.flows(self.warped))
        features = self.hourglass(hints)
        with torch.autocast(small.device.type, enabled=False):
            maps = self._heads(features.float())  # (B, K+2, h, w)
            masks = maps.permute(0, 2, 3, 1).flatten(1, 2) + self.masks_alone  # (B, h*w, K+2)
            weights = masks.softmax(dim=-1)  # the last one is 0
            flow = followed.mean(weights)  # (B, h, w, 2)
            occlusion = maps[:, -1:].sigmoid()
        coarse = Motion(flow, occlusion)
        if self.refinement is None or medium is None:
            return coarse
        return self.refinement(medium, features, coarse)

    def _heads(self, features: Tensor) -> Tensor:
        """Return mask and occlusion of features (B, C, h, w), by one convolution: (B, K + 2, h, w).

        A convolution to a single channel takes as long as one to sixteen.
        """
        heads = (self.mask, self.occlusion)
        weight = torch.cat([head.weight for head in heads])
        bias = torch.cat([head.bias for head in heads if head.bias is not None])  # both have a bias
        return F.conv2d(features, weight, bias, padding=self.mask.padding)

    def _hints(self, small: Tensor, x_source: Tensor, x_driving: Tensor, flows: Tensor) -> Tensor:
        """Return the hourglass's input (B, 4 warped + others, h, w).

        The change of each candidate's heat map; for the first ones also the source warped by their
        flows (B, warped, h, w, 2).
        """
        height, width = small.shape[-2:]
        moved = gaussian_maps(x_driving, height, width) - gaussian_maps(x_source, height, width)
        heat = torch.cat([torch.zeros_like(moved[:, :1]), moved], dim=1)  # (B, K+1, h, w)
        seen = flows.flatten(0, 1)  # (B * warped, h, w, 2)
        copies = small.float().repeat_interleave(self.warped, dim=0)
        pictures = sample(copies, seen).unflatten(0, (len(small), self.warped))
        both = torch.cat([heat[:, : self.warped, None], pictures], dim=2)  # (B, warped, 4, h, w)
        return torch.cat([both.flatten(1, 2), heat[:, self.warped :]], dim=1)
