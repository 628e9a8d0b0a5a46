"""What every back end does."""

from typing import Protocol

from torch import Tensor

from ostnet.model.motion import Motion
from ostnet.model.ostnet import Reading, Rendered, Source, Steering


class Backend(Protocol):
    """The calls of :class:`ostnet.OSTNet` that animate, of one picture at a time (batch 1).

    Tensors lie on the device that the back end was loaded for; shapes and ranges are the model's.
    """

    name: str
    """One of :data:`ostnet.backends.BACKENDS`, never ``auto``."""

    def encode(self, image: Tensor) -> Source:
        """All that depends on the source picture (1, 3, R, R) alone, R the model's resolution."""

    def keypoints(self, image: Tensor) -> Tensor:
        """(1, 3, R, R) -> (1, K, 2)."""

    def read(
        self,
        source: Source,
        driving: Tensor,
        scale_transform: bool = True,
        steer: Steering | None = None,
    ) -> Reading:
        """What a driving picture (1, 3, R, R) says about motion and scale."""

    def move(self, source: Source, x_driving: Tensor) -> Motion:
        """The source's motion when it performs keypoints (1, K, 2); for ``paint`` of the same."""

    def paint(self, source: Source, motion: Motion, z: Tensor | None) -> Rendered:
        """The picture of a motion; z None: without scale embedding."""

    def render(self, source: Source, x_driving: Tensor, z: Tensor | None) -> Rendered:
        """``move``, then ``paint``."""
