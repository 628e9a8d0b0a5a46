"""The reference back end: eager torch, on any device."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch

from ostnet.backends.oom_retry import OomRetry
from ostnet.model.layers import fuse_upsampling
from ostnet.model.ostnet import OSTNet

P = ParamSpec("P")
R = TypeVar("R")


def _call(
    method: Callable[Concatenate[OSTNet, P], R], may_reduce: bool = False
) -> Callable[Concatenate[Any, P], R]:
    """Turn a method of the model into one of the back end, whose convolutions may be bfloat16."""
    name = method.__name__

    @wraps(method)
    def run(self: "Eager", /, *arguments: P.args, **options: P.kwargs) -> R:
        reduced = may_reduce and self.bfloat16
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, reduced):
            call = getattr(self.model, name)
            return self.oom_retry.run(lambda: call(*arguments, **options))

    return run


class Eager:
    """The model itself.

    The convolutions of generator and dense motion may run in bfloat16. Keypoints, alignment and
    flows are always float32: bfloat16 would round a coordinate to 1/256 of the picture.
    """

    uses_torch = True

    def __init__(self, model: OSTNet, device: torch.device, bfloat16: bool = False):
        self.name = "torch-bf16" if bfloat16 else "torch"
        self.device, self.bfloat16, self.oom_retry = device, bfloat16, OomRetry()
        self.model, self.transform = model, model.scale
        if device.type == "cpu":
            fuse_upsampling(model.generator)

    encode = _call(OSTNet.encode)
    keypoints = _call(OSTNet.keypoints)
    align = _call(OSTNet.align)
    rectify = _call(OSTNet.rectify)
    read = _call(OSTNet.read)
    move = _call(OSTNet.move, may_reduce=True)
    paint = _call(OSTNet.paint, may_reduce=True)
    compose = _call(OSTNet.compose)
