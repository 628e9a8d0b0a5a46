"""What the animator needs to know of the scale transformation, without torch."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fiducials:
    """The constants of :class:`ostnet.model.scale.ScaleTransform`."""

    base: np.ndarray
    """The base points, (12, 2)."""
    affine: np.ndarray
    """(2, 12), see :func:`ostnet.model.scale.affine_matrix`."""

    @classmethod
    def of(cls, constants: dict[str, list]) -> "Fiducials":
        """Those that a manifest holds."""
        return cls(*(np.array(constants[name], np.float32) for name in ("base", "affine")))

    def affine_scale(self, fiducials: np.ndarray) -> np.ndarray:
        """(A_xx, A_yy) of the grid that fiducials (B, 12, 2) generate: (B, 2)."""
        return np.einsum("af,bfa->ba", self.affine, fiducials)
