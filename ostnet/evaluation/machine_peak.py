"""How fast this machine multiplies: a plain stack of convolutions, to measure all else by.

What a network cannot be faster than, unless it gets by with fewer multiplications.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ostnet.evaluation.stages import milliseconds
from ostnet.openvino_runtime import openvino_runtime

CHANNELS, SIDE, LAYERS = 64, 64, 16

GMAC = LAYERS * (3 * CHANNELS * SIDE) ** 2 / 1e9
"""1e9 multiply-adds of the stack: convolutions of 3 x 3 over 64 channels at 64 x 64 pixels."""


def peak(backend: str, device: torch.device, threads: int, repeats: int) -> float:
    """1e9 multiply-adds a second of the stack, by a back end's library and precision."""
    if backend.startswith("openvino"):
        call = _openvino(backend, threads)
    else:
        call = _torch(backend.endswith("bf16"), device)
    with torch.inference_mode():
        return 1000 * GMAC / milliseconds(call, device, repeats)


def _torch(bfloat16: bool, device: torch.device) -> Callable:
    layers = [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False) for _ in range(LAYERS)]
    stack = nn.Sequential(*layers).to(device, memory_format=torch.channels_last)
    maps = torch.randn(1, CHANNELS, SIDE, SIDE, device=device)
    maps = maps.contiguous(memory_format=torch.channels_last)

    def call() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            stack(maps)

    return call


def _openvino(backend: str, threads: int) -> Callable:
    openvino = openvino_runtime()
    ov = openvino.opset13

    random = np.random.default_rng(0)
    maps = ov.parameter([1, CHANNELS, SIDE, SIDE], np.float32)
    out = maps
    for _ in range(LAYERS):
        kernel = ov.constant(random.normal(0, 0.04, (CHANNELS, CHANNELS, 3, 3)).astype(np.float32))
        if backend.endswith("int8"):
            out, kernel = _rounded(ov, out, 0.0, 4.0, 256), _rounded(ov, kernel, -0.2, 0.2, 255)
        out = ov.convolution(out, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if backend.endswith("bf16") else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model = openvino.Model([out], [maps], "stack")
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    values = random.normal(size=(1, CHANNELS, SIDE, SIDE)).astype(np.float32)
    return lambda: request.infer([values], share_inputs=True, share_outputs=True)


def _rounded(ov, values, least: float, greatest: float, levels: int):
    """Values at so many levels between two numbers."""
    low, high = (ov.constant(np.float32(end)) for end in (least, greatest))
    return ov.fake_quantize(values, low, high, low, high, levels)
