"""Many frames at once on a GPU: bfloat16, channels last, one CUDA graph."""

from collections.abc import Callable

import torch
from torch import Tensor

from ostnet.evaluation.stages import milliseconds
from ostnet.model.ostnet import OSTNet

BATCH = 32


def cuda_fps(model: OSTNet, frame: Tensor, repeats: int, batch: int = BATCH) -> float:
    """Frames a second of ``full`` in batches, without conversion and transfer.

    Args:
        model: on a CUDA device, in evaluation mode.
        frame: (1, 3, R, R) there; drives itself.
        repeats: timed batches.
        batch: frames in one.
    """
    step = batch_call(model, frame, batch)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):  # constants that are made at first use
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return 1000 * batch / milliseconds(graph.replay, frame.device, repeats)


def batch_call(model: OSTNet, frame: Tensor, batch: int) -> Callable[[], Tensor]:
    """Reads, moves and paints ``batch`` driving frames of one source: (batch, 3, R, R)."""
    driving = frame.expand(batch, -1, -1, -1).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def call() -> Tensor:
        reading = model.read(source, driving)
        with torch.autocast(frame.device.type, torch.bfloat16):
            motion = model.move(source, reading.x_rectified)
            return model.paint(source, motion, reading.alignment.z).image

    with torch.inference_mode():
        source = model.encode(frame).expand(batch)
    return call
