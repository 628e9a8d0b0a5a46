"""The model's calls, answered by a folder of graphs: NumPy arrays in and out, no torch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ostnet.backends.fiducials import Fiducials
from ostnet.backends.manifest import Manifest
from ostnet.config import ModelConfig
from ostnet.model.frame import Alignment, Reader, Rendered, Source

Run = Callable[[str, Iterable[np.ndarray]], list[np.ndarray]]
"""(graph, its inputs) -> its outputs."""


@dataclass
class Moved:
    """A motion (:class:`ostnet.model.motion.Motion`), with everything of the source moved by it."""

    flow: np.ndarray
    """(1, h, w, 2)."""
    occlusion: np.ndarray
    """(1, 1, h, w)."""
    passed: dict[str, np.ndarray]
    """All that graph ``move`` made, by name: what ``paint`` needs is among it."""


class Graphed(Reader):
    """A :class:`ostnet.backends.interface.Backend` on the CPU.

    Args:
        name: of the back end.
        manifest: which graphs there are.
        run: computes one of them.
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

    def _call(self, graph: str, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs of a graph by name; it takes those of the arrays that it has inputs for."""
        known = self.manifest.graphs[graph]
        made = self._run(graph, [arrays[name] for name in known.inputs])
        return dict(zip(known.outputs, made, strict=True))

    def encode(
        self,
        image: np.ndarray,
        around: np.ndarray | None = None,
        bounds: np.ndarray | None = None,
    ) -> Source:
        """All that depends on the source picture (1, 3, R, R) alone, and what lies around it."""
        margin = self.config.margin(image.shape[-1])
        if margin and around is None:
            beyond = (margin, margin)
            around = np.pad(image, ((0, 0), (0, 0), beyond, beyond), mode="edge")
        if bounds is None:
            bounds = np.array([[-1, -1, 1, 1]], np.float32)
        made = self._call("encode", image=image, canvas=around)
        taps = [maps for name, maps in made.items() if name.startswith("tap_")]
        points = self.keypoints(image)
        return Source(image, made["small"], made.get("medium"), points, taps, around, bounds)

    def keypoints(self, image: np.ndarray) -> np.ndarray:
        """(1, 3, R, R) -> (1, K, 2)."""
        return self._call("detect", image=image)["keypoints"]

    def align(self, x_source: np.ndarray, x_driving: np.ndarray) -> Alignment:
        """T_theta on keypoints (1, K, 2) of source and driving."""
        return Alignment(**self._call("align", x_source=x_source, x_driving=x_driving))

    def rectify(self, driving: np.ndarray, fiducials: np.ndarray) -> np.ndarray:
        """The driving picture (1, 3, R, R) sampled at the grid of fiducials (1, 12, 2)."""
        return self._call("rectify", image=driving, fiducials=fiducials)["rectified"]

    def move(self, source: Source, x_driving: np.ndarray) -> Moved:
        """Dense motion of the source performing keypoints (1, K, 2)."""
        made = self._call(
            "move",
            image=source.image,
            canvas=source.canvas,
            bounds=source.bounds,
            small=source.small,
            medium=source.medium,
            x_source=source.keypoints,
            x_driving=x_driving,
            **{name: tap for name, tap in zip(self._taps, source.taps, strict=True)},
        )
        return Moved(made["flow"], made["occlusion"], made)

    def paint(self, source: Source, motion: Moved, z: np.ndarray | None) -> Rendered:
        """The picture of a motion that ``move`` returned; z None: without scale embedding."""
        made = self._call(
            "paint",
            **motion.passed,
            z=np.zeros((1, self.config.scale_code), np.float32) if z is None else z,
            gate=np.array([z is not None], np.float32),
        )
        image, warped = made["image"], motion.passed.get("warped")
        return Rendered(image, made.get("painted", image), made.get("mix"), warped, motion)

    def compose(
        self, rendered: Rendered, picture: np.ndarray, size: tuple[int, int] | None = None
    ) -> np.ndarray:
        """The result at another size, (1, 3, S, S), from the source or its canvas at that size."""
        size = size or picture.shape[-2:]
        return self._enlarge(rendered.painted, rendered.motion.flow, rendered.mix, picture, size)
