"""Building blocks shared by the networks.

Shape legend of the package: B batch, K keypoints, C channels, H height, W width, T frames.
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def identity_grid(height: int, width: int, dtype=torch.float32, device=None) -> Tensor:
    """Return the coordinates of pixels, (H, W, 2) in [-1, 1], x first (align_corners=True)."""
    y = torch.linspace(-1, 1, height, dtype=dtype, device=device)
    x = torch.linspace(-1, 1, width, dtype=dtype, device=device)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


def sample(image: Tensor, grid: Tensor, padding: str = "border") -> Tensor:
    """Sample (B, C, H, W) bilinearly at grid (B, h, w, 2), in float32."""
    with torch.autocast(image.device.type, enabled=False):
        return F.grid_sample(
            image.float(), grid.float(), mode="bilinear", padding_mode=padding, align_corners=True
        )


def onto_canvas(grid: Tensor, canvas: Tensor) -> Tensor:
    """Map a square's grid (B, h, w, 2) to a canvas (B, C, h + 2 m, w + 2 m) around it."""
    height, width, rows, columns = (int(side) for side in (*grid.shape[1:3], *canvas.shape[-2:]))
    if (height, width) == (rows, columns):
        return grid
    x, y = (width - 1) / (columns - 1), (height - 1) / (rows - 1)
    # a number is no copy to a GPU, which a CUDA graph could not capture
    return grid * (x if x == y else grid.new_tensor([x, y]))


def resize(maps: Tensor, height: int, width: int) -> Tensor:
    """Resize (B, C, h, w) bilinearly; coordinates in [-1, 1] keep their meaning."""
    h, w = maps.shape[-2:]
    if (h, w) == (height, width):
        return maps
    if h > height or w > width:
        return F.interpolate(maps, size=(height, width), mode="bilinear", align_corners=True)
    with torch.autocast(maps.device.type, enabled=False):  # products take a third of the time
        rows, columns = (_resize_matrix(*sides, maps.device) for sides in ((h, height), (w, width)))
        return rows @ maps.float() @ columns.T


def resize_matrix(inputs: int, outputs: int, device=None) -> Tensor:
    """Return the map (outputs, inputs) that resizes one axis, anti-aliased when shrinking.

    Triangle kernel as wide as the step between output samples; first and last sample of input and
    output coincide (align_corners=True).
    """
    positions = torch.linspace(0, inputs - 1, outputs, dtype=torch.float64, device=device)
    reach = max((inputs - 1) / max(outputs - 1, 1), 1.0)
    distance = positions[:, None] - torch.arange(inputs, dtype=torch.float64, device=device)
    weights = (1 - distance.abs() / reach).clamp(min=0)
    return (weights / weights.sum(dim=1, keepdim=True)).float()


@functools.lru_cache(maxsize=64)
def _resize_matrix(inputs: int, outputs: int, device: torch.device) -> Tensor:
    """Return ``resize_matrix``, cached."""
    with torch.inference_mode(False):  # no inference tensor, since training may follow
        return resize_matrix(inputs, outputs, device)


class Resize(nn.Module):
    """Resizes (B, C, H, W) to a fixed square side, anti-aliased, by two small matrix products."""

    def __init__(self, side: int):
        super().__init__()
        self.side = side

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, C, side, side) in float32."""
        height, width = image.shape[-2:]
        if height == width == self.side:
            return image.float()
        with torch.autocast(image.device.type, enabled=False):
            rows = _resize_matrix(height, self.side, image.device)
            columns = _resize_matrix(width, self.side, image.device)
            return rows @ image.float().contiguous() @ columns.T  # (B, C, side, side)


def conv_block(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Return convolution, batch norm and ReLU; the size stays."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class DownBlock(nn.Module):
    """Convolution block, then half the size by average pooling."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.block = conv_block(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, H/2, W/2)."""
        return F.avg_pool2d(self.block(x), 2)


_SPREAD = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
"""(4, 3): which of a kernel's three rows carry a pixel to each of the four rows it reaches."""


def convolve_upsampled(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve nearest-neighbour upsampled (B, C, H, W) with (O, C, 3, 3): (B, O, 2H, 2W).

    A 4 x 4 transposed convolution of the small picture gives the same with four ninths of the
    multiplications, since neighbours of the large one are often the same pixel.
    """
    spread = _SPREAD.to(kernel)
    spread_kernel = torch.einsum("oikl,ak,bl->ioab", kernel, spread, spread)  # (C, O, 4, 4)
    return F.conv_transpose2d(x, spread_kernel.to(x.dtype), bias, stride=2, padding=1)


class UpBlock(nn.Module):
    """Doubles the size by nearest neighbour, then applies a convolution block.

    With ``fused``, the convolution is computed at the small size (see ``fuse_upsampling``).
    """

    fused = False

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.block = conv_block(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, 2H, 2W)."""
        if not self.fused:
            return self.block(F.interpolate(x, scale_factor=2, mode="nearest"))
        convolution, *rest = self.block
        assert isinstance(convolution, nn.Conv2d)
        out = convolve_upsampled(x, convolution.weight, convolution.bias)
        for layer in rest:
            out = layer(out)
        return out


def fuse_upsampling(network: nn.Module) -> None:
    """Make up-blocks convolve at the small size, with the same result.

    Faster on CPUs where the kernel is a constant (OpenVINO), or the map is large beside it. Eager
    torch computes the kernel in each call: there it pays for the generator, while the hourglasses
    take twice as long.
    """
    for part in network.modules():
        if isinstance(part, UpBlock):
            part.fused = True


class ResidualBlock(nn.Module):
    """Pre-activation residual block: x + conv(relu(norm(conv(relu(norm(x))))))."""

    def __init__(self, width: int):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape (B, width, H, W)."""
        out = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(out)))


class Hourglass(nn.Module):
    """U-Net of first-order-model (arXiv 2003.00196): skips by concatenation, down to 1/2**blocks.

    Maps (B, inputs, H, W) to (B, ``width`` + inputs, H, W).
    """

    def __init__(self, inputs: int, width: int, blocks: int, max_width: int):
        super().__init__()
        widths = [min(max_width, width * 2**level) for level in range(blocks + 1)]
        down = [inputs] + [min(max_width, width * 2 ** (level + 1)) for level in range(blocks)]
        self.down = nn.ModuleList(DownBlock(a, b) for a, b in zip(down[:-1], down[1:], strict=True))
        up, current = [], down[-1]
        for level in reversed(range(blocks)):
            up.append(UpBlock(current, widths[level]))
            current = widths[level] + down[level]
        self.up = nn.ModuleList(up)
        self.width = current

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width + inputs, H, W)."""
        skips = [x]
        for block in self.down:
            skips.append(block(skips[-1]))
        out = skips.pop()
        for block in self.up:
            out = torch.cat([block(out), skips.pop()], dim=1)
        return out
