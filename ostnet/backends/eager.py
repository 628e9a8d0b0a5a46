"""The reference: eager torch, on any device."""

import torch
from torch import Tensor

from ostnet.backends.oom_retry import OomRetry, retried
from ostnet.model.frame import Alignment, Reading, Rendered, Source, Steering
from ostnet.model.layers import fuse_upsampling
from ostnet.model.motion import Motion
from ostnet.model.ostnet import OSTNet


class Eager:
    """The model itself.

    Keypoints, alignment and flows are always float32: bfloat16 would round a coordinate to 1/256
    of the picture. The convolutions of generator and dense motion may run in bfloat16.
    """

    uses_torch = True

    def __init__(self, model: OSTNet, device: torch.device, bfloat16: bool = False):
        self.name = "torch-bf16" if bfloat16 else "torch"
        self.device, self.bfloat16, self.oom_retry = device, bfloat16, OomRetry()
        self.model, self.transform = model, model.scale
        if device.type == "cpu":
            fuse_upsampling(model)

    @retried
    @torch.inference_mode()
    def encode(
        self, image: Tensor, around: Tensor | None = None, bounds: Tensor | None = None
    ) -> Source:
        """All that depends on the source picture (1, 3, R, R) alone, and what lies around it."""
        return self.model.encode(image, around, bounds)

    @retried
    @torch.inference_mode()
    def keypoints(self, image: Tensor) -> Tensor:
        """(1, 3, R, R) -> (1, K, 2)."""
        return self.model.keypoints(image)

    @retried
    @torch.inference_mode()
    def align(self, x_source: Tensor, x_driving: Tensor) -> Alignment:
        """T_theta on keypoints (1, K, 2) of source and driving."""
        return self.model.align(x_source, x_driving)

    @retried
    @torch.inference_mode()
    def rectify(self, driving: Tensor, fiducials: Tensor) -> Tensor:
        """The driving picture (1, 3, R, R) sampled at the grid of fiducials (1, 12, 2)."""
        return self.model.rectify(driving, fiducials)

    @retried
    @torch.inference_mode()
    def read(
        self,
        source: Source,
        driving: Tensor,
        scale_transform: bool = True,
        steer: Steering | None = None,
    ) -> Reading:
        """What a driving picture (1, 3, R, R) says about motion and scale."""
        return self.model.read(source, driving, scale_transform, steer)

    @retried
    @torch.inference_mode()
    def move(self, source: Source, x_driving: Tensor) -> Motion:
        """The source's motion when it performs keypoints (1, K, 2)."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.model.move(source, x_driving)

    @retried
    @torch.inference_mode()
    def paint(self, source: Source, motion: Motion, z: Tensor | None) -> Rendered:
        """The picture of a motion; z None: without scale embedding."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.model.paint(source, motion, z)

    @retried
    @torch.inference_mode()
    def compose(
        self, rendered: Rendered, picture: Tensor, size: tuple[int, int] | None = None
    ) -> Tensor:
        """The result at another size, (1, 3, S, S), from the source or its canvas at that size."""
        return self.model.compose(rendered, picture, size)
