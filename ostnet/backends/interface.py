"""The interface of all back ends."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.backends.graphed import Fiducials
    from ostnet.model.frame import Alignment, Reading, Rendered, Source, Steering
    from ostnet.model.motion import Motion
    from ostnet.model.scale import ScaleTransform


class Backend(Protocol):
    """The methods of :class:`ostnet.OSTNet` that animate, for one picture at a time (batch 1).

    Shapes and ranges are the model's. ``Tensor`` stands for tensors on the back end's device or,
    where it works without torch, for float32 NumPy arrays. Threads may call it concurrently.
    """

    name: str
    """One of :data:`ostnet.backends.BACKENDS`, never ``auto``."""
    uses_torch: bool
    """Whether it takes and returns tensors, not NumPy arrays."""

    @property
    def transform(self) -> "ScaleTransform | Fiducials":
        """The base points, and the scale of fiducials."""
        ...

    def encode(
        self, image: "Tensor", around: "Tensor | None" = None, bounds: "Tensor | None" = None
    ) -> "Source":
        """Compute everything that depends on the source picture (1, 3, R, R) alone.

        ``around`` (1, 3, R + 2 m, R + 2 m) and ``bounds`` (1, 4): see :meth:`OSTNet.encode`.
        """
        ...

    def keypoints(self, image: "Tensor") -> "Tensor":
        """Detect keypoints: (1, 3, R, R) -> (1, K, 2)."""
        ...

    def align(self, x_source: "Tensor", x_driving: "Tensor") -> "Alignment":
        """Apply T_theta to keypoints (1, K, 2) of source and driving."""
        ...

    def rectify(self, driving: "Tensor", fiducials: "Tensor") -> "Tensor":
        """Sample the driving picture (1, 3, R, R) at the grid of fiducials (1, 12, 2)."""
        ...

    def read(
        self,
        source: "Source",
        driving: "Tensor",
        scale_transform: bool = True,
        steer: "Steering | None" = None,
    ) -> "Reading":
        """Read motion and scale from a driving picture (1, 3, R, R)."""
        ...

    def move(self, source: "Source", x_driving: "Tensor") -> "Motion":
        """Compute the motion of the source performing keypoints (1, K, 2)."""
        ...

    def paint(self, source: "Source", motion: "Motion", z: "Tensor | None") -> "Rendered":
        """Generate the picture of a motion of ``move``; z None: without scale embedding."""
        ...

    def compose(
        self, rendered: "Rendered", picture: "Tensor", size: tuple[int, int] | None = None
    ) -> "Tensor":
        """Compute the result at another size, (1, 3, S, S): see :meth:`OSTNet.compose`."""
        ...
