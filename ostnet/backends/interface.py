"""What every back end does."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.backends.fiducials import Fiducials
    from ostnet.model.frame import Alignment, Reading, Rendered, Source, Steering
    from ostnet.model.motion import Motion
    from ostnet.model.scale import ScaleTransform


class Backend(Protocol):
    """The calls of :class:`ostnet.OSTNet` that animate, of one picture at a time (batch 1).

    Shapes and ranges are the model's. What they are given and return are tensors on the device
    that the back end was loaded for or, where it works without torch, float32 NumPy arrays; both
    are called ``Tensor`` here. Frames may be in different calls at the same time.
    """

    name: str
    """One of :data:`ostnet.backends.BACKENDS`, never ``auto``."""
    uses_torch: bool
    """Whether pictures and points are tensors; else NumPy arrays."""

    @property
    def transform(self) -> "ScaleTransform | Fiducials":
        """The base points, and the scale of fiducials."""
        ...

    def encode(
        self, image: "Tensor", around: "Tensor | None" = None, bounds: "Tensor | None" = None
    ) -> "Source":
        """All that depends on the source picture (1, 3, R, R) alone, R the model's resolution.

        ``around`` (1, 3, R + 2 m, R + 2 m) and ``bounds`` (1, 4): see :meth:`OSTNet.encode`.
        """
        ...

    def keypoints(self, image: "Tensor") -> "Tensor":
        """(1, 3, R, R) -> (1, K, 2)."""
        ...

    def align(self, x_source: "Tensor", x_driving: "Tensor") -> "Alignment":
        """T_theta on keypoints (1, K, 2) of source and driving."""
        ...

    def rectify(self, driving: "Tensor", fiducials: "Tensor") -> "Tensor":
        """The driving picture (1, 3, R, R) sampled at the grid of fiducials (1, 12, 2)."""
        ...

    def read(
        self,
        source: "Source",
        driving: "Tensor",
        scale_transform: bool = True,
        steer: "Steering | None" = None,
    ) -> "Reading":
        """What a driving picture (1, 3, R, R) says about motion and scale."""
        ...

    def move(self, source: "Source", x_driving: "Tensor") -> "Motion":
        """The source's motion when it performs keypoints (1, K, 2); for ``paint`` of the same."""
        ...

    def paint(self, source: "Source", motion: "Motion", z: "Tensor | None") -> "Rendered":
        """The picture of a motion; z None: without scale embedding."""
        ...

    def compose(
        self, rendered: "Rendered", picture: "Tensor", size: tuple[int, int] | None = None
    ) -> "Tensor":
        """The result at another size, (1, 3, S, S): see :meth:`OSTNet.compose`."""
        ...
