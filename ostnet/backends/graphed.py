"""The model's calls, answered by a folder of graphs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ostnet.backends.graphs import LEVELS
from ostnet.backends.manifest import Manifest
from ostnet.config import ModelConfig
from ostnet.model.motion import Motion
from ostnet.model.ostnet import OSTNet, Rendered, Source
from ostnet.model.scale import Alignment

Run = Callable[[str, Iterable[np.ndarray]], list[np.ndarray]]
"""(graph, its inputs) -> its outputs."""


@dataclass
class Moved(Motion):
    """A motion, with everything of the source already moved by it."""

    taps: tuple[Tensor, ...] = ()
    """Each tap moved, and its occlusion: six."""
    warped: Tensor | None = None
    """(1, 3, H, W): the source, moved; None for a network without ``mix``."""


class Graphed:
    """A :class:`ostnet.backends.interface.Backend` on the CPU.

    Args:
        name: of the back end.
        manifest: which graphs there are.
        run: computes one of them.
    """

    def __init__(self, name: str, manifest: Manifest, run: Run):
        self.name, self.manifest = name, manifest
        self.config = ModelConfig.from_dict(manifest.config)
        self._run = run

    read, render = OSTNet.read, OSTNet.render
    """How the calls below make up a frame is the model's own affair."""

    def _call(self, graph: str, **tensors: Tensor) -> dict[str, Tensor]:
        """Outputs of a graph by name; it takes those of the tensors that it has inputs for."""
        known = self.manifest.graphs[graph]
        made = self._run(graph, [tensors[name].numpy() for name in known.inputs])
        return dict(zip(known.outputs, map(torch.from_numpy, made), strict=True))

    def encode(self, image: Tensor) -> Source:
        """All that depends on the source picture (1, 3, R, R) alone."""
        made = self._call("encode", image=image)
        taps = [made[f"tap_{level}"] for level in LEVELS]
        return Source(image, made["small"], self.keypoints(image), taps)

    def keypoints(self, image: Tensor) -> Tensor:
        """(1, 3, R, R) -> (1, K, 2)."""
        return self._call("detect", image=image)["keypoints"]

    def align(self, x_source: Tensor, x_driving: Tensor) -> Alignment:
        """T_theta on keypoints (1, K, 2) of source and driving."""
        return Alignment(**self._call("align", x_source=x_source, x_driving=x_driving))

    def rectify(self, driving: Tensor, fiducials: Tensor) -> Tensor:
        """The driving picture (1, 3, R, R) sampled at the grid of fiducials (1, 12, 2)."""
        return self._call("rectify", image=driving, fiducials=fiducials)["rectified"]

    def move(self, source: Source, x_driving: Tensor) -> Moved:
        """Dense motion of the source performing keypoints (1, K, 2)."""
        taps = {f"tap_{level}": tap for level, tap in zip(LEVELS, source.taps, strict=True)}
        made = self._call(
            "move",
            image=source.image,
            small=source.small,
            x_source=source.keypoints,
            x_driving=x_driving,
            **taps,
        )
        passed = [made[f"{kind}_{level}"] for level in LEVELS for kind in ("moved", "visible")]
        return Moved(
            made["flow"], made["occlusion"], made.get("correction"), passed, made.get("warped")
        )

    def paint(self, source: Source, motion: Moved, z: Tensor | None) -> Rendered:
        """The picture of a motion that ``move`` returned; z None: without scale embedding."""
        names = [f"{kind}_{level}" for level in LEVELS for kind in ("moved", "visible")]
        code = torch.zeros(1, self.config.scale_code) if z is None else z
        made = self._call(
            "paint",
            **dict(zip(names, motion.taps, strict=True)),
            z=code,
            gate=torch.tensor([float(z is not None)]),
        )
        painted, mix = made["painted"], made.get("mix")
        if mix is None:
            return Rendered(painted, painted, None, None, motion)
        image = mix * motion.warped + (1 - mix) * painted
        return Rendered(image, painted, mix, motion.warped, motion)
