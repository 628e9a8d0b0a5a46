"""Generator with multi-layer scale embedding (paper section 3.3; U-Net of MCNet without memory)."""

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.layers import DownBlock, ResidualBlock, UpBlock, conv_block, sample

PLACES = {
    "embed_taps": ("tap_1_2", "tap_1_4", "tap_1_8"),
    "embed_levels": ("level_1_2", "level_1_4", "level_1_8"),
}
"""The six places where z is added, by the layers that map it there: the encoder's taps and the
decoder's levels, each named by its size as a share of the picture's."""


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """Flow (B, h, w, 2) at another size (B, H, W, 2); coordinates in [-1, 1] keep their values."""
    return _resize(flow.permute(0, 3, 1, 2), height, width).permute(0, 2, 3, 1)


def _resize(maps: Tensor, height: int, width: int) -> Tensor:
    if maps.shape[-2:] == (height, width):
        return maps
    return F.interpolate(maps, size=(height, width), mode="bilinear", align_corners=True)


class SourceEncoder(nn.Module):
    """(B, 3, H, W) -> taps at 1/2, 1/4, 1/8 of the size. Independent of the driving frame."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        half, quarter, eighth = config.widths
        if config.full_width:
            self.stem = nn.Sequential(
                conv_block(3, config.full_width, kernel=7), DownBlock(config.full_width, half)
            )
        else:
            self.stem = nn.Sequential(nn.PixelUnshuffle(2), conv_block(12, half))
        self.down = nn.ModuleList([DownBlock(half, quarter), DownBlock(quarter, eighth)])

    def forward(self, image: Tensor) -> list[Tensor]:
        taps = [self.stem(image)]
        for block in self.down:
            taps.append(block(taps[-1]))
        return taps


class Generator(nn.Module):
    """Encoder taps, warped and masked, decoded to a picture.

    The scale code z is added at six places: to the three taps (before they are warped) and to the
    three levels of the decoder. The linear layers that map z to channels start at zero.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        half, quarter, eighth = config.widths
        self.encoder = SourceEncoder(config)
        self.residual = nn.Sequential(
            *(ResidualBlock(eighth) for _ in range(config.residual_blocks)),
            nn.BatchNorm2d(eighth),
            nn.ReLU(inplace=True),
        )
        self.up = nn.ModuleList([UpBlock(eighth, quarter), UpBlock(quarter, half)])
        self.merge = nn.ModuleList([conv_block(2 * quarter, quarter), conv_block(2 * half, half)])
        if config.full_width:
            self.head = nn.Sequential(
                UpBlock(half, config.full_width),
                nn.Conv2d(config.full_width, 3, 7, padding=3),
            )
        else:
            self.head = nn.Sequential(nn.Conv2d(half, 12, 3, padding=1), nn.PixelShuffle(2))
        if config.with_scale_embedding:
            self.embed_taps = nn.ModuleList(nn.Linear(config.scale_code, w) for w in config.widths)
            self.embed_levels = nn.ModuleList(
                nn.Linear(config.scale_code, w) for w in config.widths
            )
            for layer in [*self.embed_taps, *self.embed_levels]:
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(
        self,
        taps: list[Tensor],
        flow: Tensor,
        occlusion: Tensor,
        z: Tensor | None = None,
        gate: Tensor | None = None,
        places: Collection[str] | None = None,
    ) -> Tensor:
        """Decode one picture.

        Args:
            taps: what ``encoder`` returned: (B, widths[i], H / 2**(i+1), W / 2**(i+1)).
            flow: (B, h, w, 2), where each output pixel comes from, in [-1, 1].
            occlusion: (B, 1, h, w) in [0, 1]; 0 hides the warped source.
            z: scale code (B, code); None: no embedding anywhere.
            gate: (B,) of 0 and 1, switches the embedding row by row (module dropout).
            places: the names in ``PLACES`` that get z; None: all of them.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        half, quarter, eighth = (
            self._warp(tap, flow, occlusion, self._embedding("embed_taps", i, z, gate, places))
            for i, tap in enumerate(taps)
        )
        out = self.residual(eighth) + self._embedding("embed_levels", 2, z, gate, places)
        for block, merge, tap, level in zip(
            self.up, self.merge, (quarter, half), (1, 0), strict=True
        ):
            out = merge(torch.cat([block(out), tap], dim=1))
            out = out + self._embedding("embed_levels", level, z, gate, places)
        return self.head(out).float().sigmoid()

    def _embedding(
        self,
        where: str,
        level: int,
        z: Tensor | None,
        gate: Tensor | None,
        places: Collection[str] | None,
    ) -> Tensor | float:
        """z mapped to the channels of one level, (B, C, 1, 1); 0 without z."""
        if z is None or not hasattr(self, where):
            return 0.0
        if places is not None and PLACES[where][level] not in places:
            return 0.0
        code = getattr(self, where)[level](z)
        if gate is not None:
            code = code * gate[:, None]
        return code[:, :, None, None]

    @staticmethod
    def _warp(tap: Tensor, flow: Tensor, occlusion: Tensor, embedding) -> Tensor:
        height, width = tap.shape[-2:]
        warped = sample(tap, resize_flow(flow, height, width))
        # a constant plane is its own warp: adding after sampling equals adding to the tap
        return (warped + embedding) * _resize(occlusion, height, width)
