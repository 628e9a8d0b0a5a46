"""Pretrained image networks as plain torch modules, cut at five depths.

Each takes (B, 3, H, W) normalised by ImageNet mean and std and returns five feature maps. Names
and shapes of parameters are torchvision's ``features``, so torchvision's state dicts load as is.
"""

import torch
from torch import Tensor, nn


class FeatureNetwork(nn.Module):
    """A chain of layers, read out after the layers in ``taps``."""

    taps: tuple[int, ...]
    """Indices of five layers of ``features``, rising."""

    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.features = nn.Sequential(*layers[: self.taps[-1] + 1])

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> up to five maps; a picture too small for the deep ones has fewer."""
        maps = []
        for index, layer in enumerate(self.features):
            if isinstance(layer, nn.MaxPool2d) and min(image.shape[-2:]) < layer.kernel_size:
                break
            image = layer(image)
            if index in self.taps:
                maps.append(image)
        return maps


class Vgg19(FeatureNetwork):
    """VGG-19 (arXiv 1409.1556): relu1_1, relu2_1, relu3_1, relu4_1, relu5_1."""

    taps = (1, 6, 11, 20, 29)

    def __init__(self):
        layers: list[nn.Module] = []
        channels = 3
        for width, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 1)):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
        super().__init__(layers)


class Fire(nn.Module):
    """Fire module of SqueezeNet: 1x1 squeeze, then 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 2 expand, H, W)."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1).relu()


class SqueezeNet(FeatureNetwork):
    """SqueezeNet 1.1 (arXiv 1602.07360): relu1, fire3, fire5, fire7, fire9 (strides 2 to 16)."""

    taps = (1, 4, 7, 10, 12)

    def __init__(self):
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2, padding=1), nn.ReLU()]
        inputs = 64
        for stage in (((16, 64), (16, 64)), ((32, 128), (32, 128))):
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            for squeeze, expand in stage:
                layers.append(Fire(inputs, squeeze, expand))
                inputs = 2 * expand
        layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        for squeeze, expand in ((48, 192), (48, 192), (64, 256), (64, 256)):
            layers.append(Fire(inputs, squeeze, expand))
            inputs = 2 * expand
        super().__init__(layers)


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Block of MobileNetV2: widen, filter each channel, project; with a shortcut if it fits."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        hidden = inputs * expansion
        widen = [_conv_norm(inputs, hidden, 1, 1, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *widen,
            _conv_norm(hidden, hidden, 3, stride, hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(FeatureNetwork):
    """MobileNetV2 (arXiv 1801.04381): after the blocks that end strides 2, 4, 8, 16 and 32."""

    taps = (1, 3, 6, 13, 17)

    def __init__(self):
        layers: list[nn.Module] = [_conv_norm(3, 32, 3, 2, 1)]
        inputs = 32
        stages = (  # expansion, outputs, blocks, first stride
            (1, 16, 1, 1),
            (6, 24, 2, 2),
            (6, 32, 3, 2),
            (6, 64, 4, 2),
            (6, 96, 3, 1),
            (6, 160, 3, 2),
            (6, 320, 1, 1),
        )
        for expansion, outputs, blocks, stride in stages:
            for block in range(blocks):
                step = stride if block == 0 else 1
                layers.append(InvertedResidual(inputs, outputs, step, expansion))
                inputs = outputs
        super().__init__(layers)
