"""References for measured times: first-order-model's networks, and the peak of the machine."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.evaluation.timing import milliseconds
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
from ostnet.openvino_runtime import openvino_runtime

KEYPOINTS, SIDE, SMALL = 10, 256, 64
WIDTH, MOST = 64, 1024
"""Widths of first-order-model's generator and dense motion; its detector has half of the first."""

CHANNELS, MAP_SIDE, LAYERS = 64, 64, 16
PEAK_GMAC = LAYERS * (3 * CHANNELS * MAP_SIDE) ** 2 / 1e9
"""1e9 multiply-adds of 16 convolutions of 3 x 3 over 64 channels at 64 x 64 pixels."""


class FirstOrderModel(nn.Module):
    """The architecture of first-order-model (arXiv 2003.00196, vox-256), untrained, to be timed.

    The time of a frame depends on layers and widths alone. The source is encoded in each frame, as
    in the methods built on first-order-model.
    """

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

    @classmethod
    @torch.inference_mode()
    def frame_call(cls) -> Callable[[], Any]:
        """Return a call that computes one driving frame in eager torch on the CPU."""
        network = cls().eval()
        source, driving = torch.rand(2, 1, 3, SIDE, SIDE)
        known = network.points(source)
        return torch.inference_mode()(lambda: network(source, known, driving))

    def points(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return keypoints (B, 10, 2) and Jacobians (B, 10, 2, 2) of (B, 3, 256, 256)."""
        maps = self.detector(_small(image))
        logits = self.heatmaps(maps)  # (B, 10, 58, 58)
        weights = (logits / 0.1).flatten(2).softmax(-1)[:, :, None]  # (B, 10, 1, 58 * 58)
        jacobians = self.jacobians(maps).flatten(2).unflatten(1, (KEYPOINTS, 4))
        return soft_argmax(logits, 0.1), (weights * jacobians).sum(-1).unflatten(2, (2, 2))

    def forward(self, source: Tensor, known: tuple[Tensor, Tensor], driving: Tensor) -> Tensor:
        """Return a frame (B, 3, 256, 256) of a source, its points, and a driving picture."""
        flow, occlusion = self._motion(_small(source), *known, *self.points(driving))
        return self.decoder(sample(self.encoder(source), flow) * occlusion)

    def _motion(
        self, small: Tensor, x_source: Tensor, j_source: Tensor, x: Tensor, jacobian: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return flow (B, 64, 64, 2) and occlusion (B, 1, 64, 64)."""
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


def peak(backend: str, device: torch.device, threads: int, repeats: int) -> float:
    """Return 1e9 multiply-adds per second of a stack of convolutions.

    It is computed by a back end's library, in its precision. No network is faster, unless it needs
    fewer multiplications.
    """
    if backend.startswith("openvino"):
        call = _openvino_stack(backend, threads)
    else:
        call = _torch_stack(backend.endswith("bf16"), device)
    with torch.inference_mode():
        return 1000 * PEAK_GMAC / milliseconds(call, device, repeats)


def _torch_stack(bfloat16: bool, device: torch.device) -> Callable[[], Any]:
    layers = [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False) for _ in range(LAYERS)]
    stack = nn.Sequential(*layers).to(device)
    stack.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    maps = torch.randn(1, CHANNELS, MAP_SIDE, MAP_SIDE, device=device)
    maps = maps.contiguous(memory_format=torch.channels_last)

    def call() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            stack(maps)

    return call


def _openvino_stack(backend: str, threads: int) -> Callable[[], Any]:
    openvino = openvino_runtime()
    ov = openvino.opset13

    def rounded(values, least: float, greatest: float, levels: int):
        low, high = (ov.constant(np.float32(end)) for end in (least, greatest))
        return ov.fake_quantize(values, low, high, low, high, levels)

    random = np.random.default_rng(0)
    maps = ov.parameter([1, CHANNELS, MAP_SIDE, MAP_SIDE], np.float32)
    out = maps
    for _ in range(LAYERS):
        kernel = ov.constant(random.normal(0, 0.04, (CHANNELS, CHANNELS, 3, 3)).astype(np.float32))
        if backend.endswith("int8"):
            out, kernel = rounded(out, 0.0, 4.0, 256), rounded(kernel, -0.2, 0.2, 255)
        out = ov.convolution(out, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if backend.endswith("bf16") else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model = openvino.Model([out], [maps], "stack")
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    values = random.normal(size=(1, CHANNELS, MAP_SIDE, MAP_SIDE)).astype(np.float32)
    return lambda: request.infer([values], share_inputs=True, share_outputs=True)
