"""The reference back end: torch, on any device; on CUDA as captured graphs."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch

from ostnet.backends.cuda_graphs import CapturedCalls, Record, cuda_graph
from ostnet.backends.oom_retry import OomRetry
from ostnet.model.frame import Reader
from ostnet.model.layers import fuse_upsampling
from ostnet.model.ostnet import OSTNet

P = ParamSpec("P")
R = TypeVar("R")


def _call(
    method: Callable[Concatenate[OSTNet, P], R], may_reduce: bool = False, captured: bool = True
) -> Callable[Concatenate[Any, P], R]:
    """Turn a method of the model into one of the back end.

    Args:
        method: of the model.
        may_reduce: its convolutions may be bfloat16.
        captured: it may be a CUDA graph, without keyword arguments.
    """
    name = method.__name__

    @wraps(method)
    def run(self: "Eager", /, *arguments: P.args, **options: P.kwargs) -> R:
        reduced = may_reduce and self.bfloat16
        kind = self.device.type
        # cached bfloat16 weights would be freed after the call, while a graph still reads them
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, reduced, False):
            call: Callable = getattr(self.model, name)
            if captured and self.graphs is not None and not options:
                call = partial(self.graphs.run, name, call)
            return self.oom_retry.run(lambda: call(*arguments, **options))

    return run


class Eager(Reader):
    """The model itself.

    The convolutions of generator and dense motion may run in bfloat16. Keypoints, alignment and
    flows are always float32: bfloat16 would round a coordinate to 1/256 of the picture.

    Args:
        model: on the device, in evaluation mode.
        device: of all tensors.
        bfloat16: use bfloat16 where it is allowed.
        record: captures calls; None: CUDA graphs on CUDA, else none.
    """

    uses_torch = True

    def __init__(
        self,
        model: OSTNet,
        device: torch.device,
        bfloat16: bool = False,
        record: Record | None = None,
    ):
        self.name = "torch-bf16" if bfloat16 else "torch"
        self.device, self.bfloat16 = device, bfloat16
        self.model, self.transform, self.config = model, model.scale, model.config
        if record is None and device.type == "cuda":
            record = partial(cuda_graph, device)
        self.graphs = None if record is None else CapturedCalls(record)
        """The captured calls; None: every call is eager."""
        self.oom_retry = OomRetry(None if self.graphs is None else self.graphs.stop)
        if device.type == "cpu":
            fuse_upsampling(model.generator)

    encode = _call(OSTNet.encode, captured=False)  # once per source
    keypoints = _call(OSTNet.keypoints)
    align = _call(OSTNet.align)
    rectify = _call(OSTNet.rectify)
    move = _call(OSTNet.move, may_reduce=True)
    paint = _call(OSTNet.paint, may_reduce=True)
    compose = _call(OSTNet.compose)
