"""The model's calls computed by a folder of graphs: NumPy arrays in and out, without torch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ostnet.backends.manifest import Manifest
from ostnet.config import ModelConfig
from ostnet.model.frame import Alignment, Reader, Rendered, Source

Run = Callable[[str, Iterable[np.ndarray]], list[np.ndarray]]
"""(graph, its inputs) -> its outputs."""

Array = Any
"""A float32 np.ndarray; :mod:`ostnet.model.frame` calls it ``Tensor``."""


@dataclass(frozen=True)
class Fiducials:
    """The constants of :class:`ostnet.model.scale.ScaleTransform`, without torch."""

    base: np.ndarray
    """The base points, (12, 2)."""
    affine: np.ndarray
    """(2, 12), see :func:`ostnet.model.scale.affine_matrix`."""

    @classmethod
    def of(cls, constants: dict[str, list]) -> "Fiducials":
        """Read them from a manifest's constants."""
        return cls(*(np.array(constants[name], np.float32) for name in ("base", "affine")))

    def affine_scale(self, fiducials: np.ndarray) -> np.ndarray:
        """Return (A_xx, A_yy) of the grid that fiducials (B, 12, 2) generate: (B, 2)."""
        return np.einsum("af,bfa->ba", self.affine, fiducials)


@dataclass
class Moved:
    """A motion (:class:`ostnet.model.motion.Motion`) and the source features that it warped."""

    flow: Array
    """(1, h, w, 2)."""
    occlusion: Array
    """(1, 1, h, w)."""
    outputs: dict[str, Array]
    """All outputs of graph ``move`` by name, among them the inputs of ``paint``."""


class Graphed(Reader):
    """A back end on the CPU with the methods of :class:`ostnet.backends.eager.Eager`.

    Args:
        name: of the back end.
        manifest: of its graphs.
        run: computes a graph.
        enlarge: computes ``compose``: (painted, flow, mix or None, picture, size) -> the result at
            that size. None: results have the networks' own resolution.
    """

    uses_torch = False

    def __init__(self, name: str, manifest: Manifest, run: Run, enlarge: Callable | None = None):
        self.name, self.manifest = name, manifest
        self.config = ModelConfig.from_dict(manifest.config)
        self.transform = Fiducials.of(manifest.constants)
        self._run, self._enlarge = run, enlarge
        encoded = manifest.graphs["encode"].outputs
        self._taps = [name for name in encoded if name.startswith("tap_")]

    def _call(self, graph: str, **arrays: Array) -> dict[str, Array]:
        """Return the outputs of a graph by name; arrays that it has no input for are ignored."""
        known = self.manifest.graphs[graph]
        outputs = self._run(graph, [arrays[name] for name in known.inputs])
        return dict(zip(known.outputs, outputs, strict=True))

    def encode(
        self,
        image: Array,
        around: Array | None = None,
        bounds: Array | None = None,
    ) -> Source:
        """Compute everything that depends on the source picture (1, 3, R, R) alone."""
        margin = self.config.margin(image.shape[-1])
        if margin and around is None:
            beyond = (margin, margin)
            around = np.pad(image, ((0, 0), (0, 0), beyond, beyond), mode="edge")
        if bounds is None:
            bounds = np.array([[-1, -1, 1, 1]], np.float32)
        outputs = self._call("encode", image=image, canvas=around)
        taps = [maps for name, maps in outputs.items() if name.startswith("tap_")]
        points = self.keypoints(image)
        return Source(image, outputs["small"], outputs.get("medium"), points, taps, around, bounds)

    def keypoints(self, image: Array) -> Array:
        """Detect keypoints: (1, 3, R, R) -> (1, K, 2)."""
        return self._call("detect", image=image)["keypoints"]

    def align(self, x_source: Array, x_driving: Array) -> Alignment:
        """Apply T_theta to keypoints (1, K, 2) of source and driving."""
        return Alignment(**self._call("align", x_source=x_source, x_driving=x_driving))

    def rectify(self, driving: Array, fiducials: Array) -> Array:
        """Sample the driving picture (1, 3, R, R) at the grid of fiducials (1, 12, 2)."""
        return self._call("rectify", image=driving, fiducials=fiducials)["rectified"]

    def move(self, source: Source, x_driving: Array) -> Any:
        """Compute the dense motion of the source performing keypoints (1, K, 2): a `Moved`."""
        outputs = self._call(
            "move",
            image=source.image,
            canvas=source.canvas,
            bounds=source.bounds,
            small=source.small,
            medium=source.medium,
            x_source=source.keypoints,
            x_driving=x_driving,
            **dict(zip(self._taps, source.taps, strict=True)),
        )
        return Moved(outputs["flow"], outputs["occlusion"], outputs)

    def paint(self, source: Source, motion: Any, z: Array | None) -> Rendered:
        """Generate the picture of a motion of ``move``; z None: without scale embedding."""
        outputs = self._call(
            "paint",
            **motion.outputs,
            z=np.zeros((1, self.config.scale_code), np.float32) if z is None else z,
            gate=np.array([z is not None], np.float32),
        )
        image, warped = outputs["image"], motion.outputs.get("warped")
        return Rendered(image, outputs.get("painted", image), outputs.get("mix"), warped, motion)

    def compose(
        self, rendered: Rendered, picture: Array, size: tuple[int, int] | None = None
    ) -> Array:
        """Compute the result at another size, (1, 3, S, S); see :meth:`OSTNet.compose`."""
        assert self._enlarge is not None, "this back end was made without it"
        size = size or picture.shape[-2:]
        return self._enlarge(rendered.painted, rendered.motion.flow, rendered.mix, picture, size)
