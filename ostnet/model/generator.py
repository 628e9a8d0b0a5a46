"""Generator with multi-layer scale embedding (paper section 3.3; U-Net of MCNet without memory)."""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.frame import Source
from ostnet.model.layers import DownBlock, ResidualBlock, UpBlock, conv_block, onto_canvas, sample
from ostnet.model.motion import Motion, inside

PLACES = {
    "embed_taps": ("tap_1_2", "tap_1_4", "tap_1_8"),
    "embed_levels": ("level_1_2", "level_1_4", "level_1_8"),
}
"""The six places where z enters, by the layers that map it: the encoder's taps (features that skip
to the decoder) and the decoder's levels, named by their size relative to the picture's."""

SOFT_EDGE = 2.0  # pixels of the picture over which the warp is faded out outside the source

FULL = 8  # size of the picture relative to the smallest tap, whose pixel grid windows lie on


@dataclass(frozen=True)
class Window:
    """A square part of each output picture, decoded alone."""

    corner: Tensor  # (B, 2) whole numbers: left and top, in pixels of the 1/8 tap
    side: int  # in pixels of the 1/8 tap

    def cut(self, maps: Tensor, scale: int) -> Tensor:
        """Crop maps (B, C, H, W), ``scale`` times as large as the 1/8 tap."""
        length = scale * self.side
        corners = (scale * self.corner).tolist()
        parts = [
            one[:, y : y + length, x : x + length]
            for one, (x, y) in zip(maps, corners, strict=True)
        ]
        return torch.stack(parts)

    def view(self, picture: Tensor) -> Tensor:
        """Crop whole pictures (B, C, H, W) by sampling: one operation for all rows."""
        height, width = picture.shape[-2:]
        length = FULL * self.side
        steps = torch.arange(length, device=picture.device)
        x, y = (FULL * self.corner[:, axis, None] + steps for axis in (0, 1))  # (B, length) each
        x, y = 2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1
        grid = [x[:, None].expand(-1, length, -1), y[:, :, None].expand(-1, -1, length)]
        return sample(picture, torch.stack(grid, dim=-1))

    def paste(self, maps: Tensor, parts: Tensor, scale: int) -> Tensor:
        """Return ``maps`` (B, C, H, W) with ``parts``, shaped as by ``cut``, in their place."""
        length = scale * self.side
        pasted = maps.clone()
        for row, (x, y) in enumerate((scale * self.corner).tolist()):
            pasted[row, :, y : y + length, x : x + length] = parts[row]
        return pasted


@dataclass(frozen=True)
class WarpedSource:
    """The parts of the source that the generator uses, warped by the motion."""

    taps: list[Tensor]
    """(B, widths[i], H / 2**(i+1), W / 2**(i+1)); without the first for ``first_tap`` picture."""
    visible: list[Tensor]  # the occlusion of all three (B, 1, H / 2**(i+1), W / 2**(i+1))
    picture: Tensor | None
    """(B, 3, H, W); None for a network that does not use it."""
    inside: Tensor | None = None
    """(B, 1, H, W), 0 where the motion points outside the source (``visible`` is then 0 too); None
    for a network without ``mix`` or one that repeats the source's edge."""


class SourceEncoder(nn.Module):
    """Encodes the source as taps at 1/2, 1/4, 1/8 of its size, independent of the driving frame."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        half, quarter, eighth = config.widths
        self.first = 1 if config.first_tap == "picture" else 0
        if config.full_width:
            self.stem = nn.Sequential(
                conv_block(3, config.full_width, kernel=7), DownBlock(config.full_width, half)
            )
        else:
            self.stem = nn.Sequential(nn.PixelUnshuffle(2), conv_block(12, half))
        self.down = nn.ModuleList([DownBlock(half, quarter), DownBlock(quarter, eighth)])
        self.project = None
        if config.merge == "add":
            # the picture tap is mapped in every frame, so by a cheaper kernel
            side = 1 if self.first else 3
            self.project = nn.ModuleList(
                [
                    nn.Conv2d(half, half, side, padding=side // 2),
                    nn.Conv2d(quarter, quarter, 3, padding=1),
                ]
            )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return (B, widths[i], H / 2**(i+1), W / 2**(i+1)) for i = 0, 1, 2 of (B, 3, H, W).

        Without i = 0 if ``first_tap`` of the warped picture takes its place.
        """
        features = [self.stem(image)]
        for block in self.down:
            features.append(block(features[-1]))
        taps = features[:]
        if self.project is not None:
            taps[1] = self.project[1](features[1])
            if not self.first:
                taps[0] = self.project[0](features[0])
        return taps[self.first :]

    def first_tap(self, picture: Tensor) -> Tensor:
        """Return the largest tap (B, widths[0], H / 2, W / 2) of a picture (B, 3, H, W)."""
        features = self.stem(picture)
        return features if self.project is None else self.project[0](features)


class Generator(nn.Module):
    """Decodes warped and masked encoder taps to a picture.

    The scale code z enters at six places: the three taps, after the warp, and the three levels of
    the decoder. The linear layers that map z to channels start at zero.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        half, quarter, eighth = config.widths
        self.channels = 4 if config.mix else 3
        self.moves_picture = config.moves_picture
        self.paints_outside = config.outside == "painted"
        self.encoder = SourceEncoder(config)
        self.residual = nn.Sequential(
            *(ResidualBlock(eighth) for _ in range(config.residual_blocks)),
            nn.BatchNorm2d(eighth),
            nn.ReLU(inplace=True),
        )
        self.up = nn.ModuleList([UpBlock(eighth, quarter), UpBlock(quarter, half)])
        self.adds = config.merge == "add"
        inputs = 1 if self.adds else 2
        self.merge = nn.ModuleList([conv_block(inputs * w, w) for w in (quarter, half)])
        if config.full_width:
            self.head = nn.Sequential(
                UpBlock(half, config.full_width),
                nn.Conv2d(config.full_width, self.channels, 7, padding=3),
            )
        else:
            self.head = nn.Sequential(
                nn.Conv2d(half, 4 * self.channels, 3, padding=1), nn.PixelShuffle(2)
            )
        self.film = config.embedding == "film"
        if config.with_scale_embedding:
            parts = 2 if self.film else 1  # offsets, then gains
            self.embed_taps = nn.ModuleList(
                nn.Linear(config.scale_code, parts * w) for w in config.widths
            )
            self.embed_levels = nn.ModuleList(
                nn.Linear(config.scale_code, parts * w) for w in config.widths
            )
            for layer in [*self.embed_taps, *self.embed_levels]:
                for parameter in layer.parameters():
                    nn.init.zeros_(parameter)

    def forward(
        self,
        source: Source,
        motion: Motion,
        z: Tensor | None = None,
        gate: Tensor | None = None,
        places: Collection[str] | None = None,
        window: Window | None = None,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Decode one picture, or a window of it.

        Args:
            source: its picture, and its taps as ``encoder`` returned them.
            motion: where each output pixel comes from.
            z: scale code (B, code); None: no embedding anywhere.
            gate: (B,) of 0 and 1, switches the embedding row by row (module dropout).
            places: the names in ``PLACES`` that get z; None: all of them.
            window: what to decode; None: all.

        Returns:
            Picture (B, 3, H, W) in [0, 1]; share of the warped source (B, 1, H, W) in [0, 1], or
            None without ``mix``; the warped source (B, 3, H, W), or None if it is not used.
        """
        moved = self.warp(source, motion, window)
        painted, mix = self.decode(moved, z, gate, places)
        return painted, mix, moved.picture

    def warp(self, source: Source, motion: Motion, window: Window | None = None) -> WarpedSource:
        """Return the parts of the source, or of a window of it, that ``decode`` needs."""
        height, width = source.image.shape[-2:]

        def flow_at(scale: int, maps: Tensor | None = None) -> Tensor:
            flow = motion.flow_at(height * scale // FULL, width * scale // FULL)
            flow = flow if maps is None else onto_canvas(flow, maps)
            if window is None:
                return flow
            return window.cut(flow.permute(0, 3, 1, 2), scale).permute(0, 2, 3, 1)

        def moved(maps: Tensor, scale: int) -> Tensor:
            return sample(maps, flow_at(scale, maps))

        def shown(scale: int) -> Tensor:
            return inside(flow_at(scale), source.bounds, 2 * SOFT_EDGE / (width - 1))

        def visible(scale: int) -> Tensor:
            occlusion = motion.occlusion_at(height * scale // FULL, width * scale // FULL)
            occlusion = occlusion if window is None else window.cut(occlusion, scale)
            return occlusion * shown(scale) if self.paints_outside else occlusion

        picture = source.image if source.canvas is None else source.canvas
        scales = [4, 2, 1]  # sizes of the taps, relative to the smallest
        return WarpedSource(
            [moved(*pair) for pair in zip(source.taps, scales[-len(source.taps) :], strict=True)],
            [visible(scale) for scale in scales],
            moved(picture, FULL) if self.moves_picture else None,
            shown(FULL) if self.paints_outside and self.channels == 4 else None,
        )

    def decode(
        self,
        moved: WarpedSource,
        z: Tensor | None,
        gate: Tensor | None = None,
        places: Collection[str] | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the picture and mix of what ``warp`` returned; see ``forward``."""

        def embedded(maps: Tensor, where: str, level: int) -> Tensor:
            if z is None or not hasattr(self, where):
                return maps
            if places is not None and PLACES[where][level] not in places:
                return maps
            code = getattr(self, where)[level](z)  # (B, C) or (B, 2 C)
            code = (code if gate is None else code * gate[:, None])[:, :, None, None]
            if not self.film:
                return maps + code
            shift, gain = code.chunk(2, dim=1)
            return maps * (1 + gain) + shift

        taps = moved.taps
        if self.encoder.first and moved.picture is not None:
            taps = [self.encoder.first_tap(moved.picture), *taps]

        def visible(level: int) -> Tensor:
            return embedded(taps[level], "embed_taps", level) * moved.visible[level]

        out = embedded(self.residual(visible(2)), "embed_levels", 2)
        for block, merge, level in zip(self.up, self.merge, (1, 0), strict=True):
            if self.adds:
                convolution, norm, relu = merge  # pyright: ignore[reportGeneralTypeIssues]
                out = relu(norm(convolution(block(out))) + visible(level))
            else:
                out = merge(torch.cat([block(out), visible(level)], dim=1))
            out = embedded(out, "embed_levels", level)
        shown = self.head(out).float().sigmoid()
        mix = shown[:, 3:] if self.channels == 4 else None
        if mix is not None and moved.inside is not None:
            mix = mix * moved.inside
        return shown[:, :3], mix
