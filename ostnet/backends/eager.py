"""The reference: eager torch, on any device."""

import torch
from torch import Tensor

from ostnet.model.motion import Motion
from ostnet.model.ostnet import OSTNet, Rendered, Source


class Eager:
    """The model itself.

    Keypoints, alignment and motion are always float32: bfloat16 would round a coordinate to 1/256
    of the picture. Only the generator's convolutions may run in bfloat16.
    """

    def __init__(self, model: OSTNet, device: torch.device, bfloat16: bool = False):
        self.name = "torch-bf16" if bfloat16 else "torch"
        self.device, self.bfloat16 = device, bfloat16
        self.model = model
        self.encode, self.keypoints = model.encode, model.keypoints
        self.read, self.move = model.read, model.move

    def paint(self, source: Source, motion: Motion, z: Tensor | None) -> Rendered:
        """The picture of a motion; z None: without scale embedding."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.model.paint(source, motion, z)

    def render(self, source: Source, x_driving: Tensor, z: Tensor | None) -> Rendered:
        """``move``, then ``paint``."""
        return self.paint(source, self.move(source, x_driving), z)
