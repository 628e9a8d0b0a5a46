"""The shape of first-order-model (arXiv 2003.00196, vox-256), untrained: a yardstick for time.

What a frame costs depends on layers and widths alone. Peers encode the source again for every
driving frame, and so does this; what it makes is noise.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.model.keypoints import soft_argmax
from ostnet.model.layers import (
    DownBlock,
    Hourglass,
    ResidualBlock,
    UpBlock,
    conv_block,
    identity_grid,
    resize,
    sample,
)
from ostnet.model.motion import gaussian_maps

KEYPOINTS, SIDE, SMALL = 10, 256, 64
WIDTH, MOST = 64, 1024
"""Of the generator and of dense motion; the detector's is half of it."""


class FirstOrderModel(nn.Module):
    """(source (B, 3, 256, 256), its points and their Jacobians, driving) -> (B, 3, 256, 256)."""

    def __init__(self):
        super().__init__()
        candidates = KEYPOINTS + 1
        self.detector = Hourglass(3, WIDTH // 2, 5, MOST)
        self.heatmaps = nn.Conv2d(self.detector.width, KEYPOINTS, 7)
        self.jacobians = nn.Conv2d(self.detector.width, 4 * KEYPOINTS, 7)
        self.motion = Hourglass(4 * candidates, WIDTH, 5, MOST)
        self.mask = nn.Conv2d(self.motion.width, candidates, 7, padding=3)
        self.occlusion = nn.Conv2d(self.motion.width, 1, 7, padding=3)
        self.encoder = nn.Sequential(
            conv_block(3, WIDTH, 7), DownBlock(WIDTH, 2 * WIDTH), DownBlock(2 * WIDTH, 4 * WIDTH)
        )
        self.decoder = nn.Sequential(
            *(ResidualBlock(4 * WIDTH) for _ in range(6)),
            UpBlock(4 * WIDTH, 2 * WIDTH),
            UpBlock(2 * WIDTH, WIDTH),
            nn.Conv2d(WIDTH, 3, 7, padding=3),
            nn.Sigmoid(),
        )

    def points(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, 256, 256) -> keypoints (B, 10, 2) and Jacobians (B, 10, 2, 2)."""
        maps = self.detector(_small(image))
        logits = self.heatmaps(maps)  # (B, 10, 58, 58)
        weights = (logits / 0.1).flatten(2).softmax(-1)[:, :, None]  # (B, 10, 1, 58 * 58)
        jacobians = self.jacobians(maps).flatten(2).unflatten(1, (KEYPOINTS, 4))
        return soft_argmax(logits, 0.1), (weights * jacobians).sum(-1).unflatten(2, (2, 2))

    def forward(self, source: Tensor, known: tuple[Tensor, Tensor], driving: Tensor) -> Tensor:
        """One driving frame."""
        flow, occlusion = self._motion(_small(source), *known, *self.points(driving))
        return self.decoder(sample(self.encoder(source), flow) * occlusion)

    def _motion(
        self, small: Tensor, x_source: Tensor, j_source: Tensor, x: Tensor, jacobian: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Flow (B, 64, 64, 2) and occlusion (B, 1, 64, 64)."""
        grid = identity_grid(SMALL, SMALL).expand(len(x), 1, -1, -1, -1)
        turned = j_source @ torch.linalg.pinv(jacobian)  # (B, 10, 2, 2)
        offsets = (grid - x[:, :, None, None])[..., None]  # (B, 10, 64, 64, 2, 1)
        moved = (turned[:, :, None, None] @ offsets)[..., 0] + x_source[:, :, None, None]
        flows = torch.cat([grid, moved], dim=1)  # (B, 11, 64, 64, 2)
        copies = small.repeat_interleave(KEYPOINTS + 1, dim=0)
        pictures = sample(copies, flows.flatten(0, 1)).unflatten(0, (len(x), KEYPOINTS + 1))
        heat = gaussian_maps(x, SMALL, SMALL) - gaussian_maps(x_source, SMALL, SMALL)
        heat = F.pad(heat, (0, 0, 0, 0, 1, 0))[:, :, None]  # (B, 11, 1, 64, 64)
        maps = self.motion(torch.cat([heat, pictures], dim=2).flatten(1, 2))
        weights = self.mask(maps).softmax(1)[..., None]
        return (weights * flows).sum(1), self.occlusion(maps).sigmoid()


def _small(image: Tensor) -> Tensor:
    return resize(image, SMALL, SMALL)
