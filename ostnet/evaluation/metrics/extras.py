"""Networks for metrics whose weights the user has to give, behind one interface.

A network reads something off every picture (features, an embedding, an expression) and holds the
readings of an output beside those of the source picture and of the driving frame, which is the
ground truth where there is one.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ostnet.evaluation.metrics.arcface import ArcFaceEmbedder
from ostnet.evaluation.metrics.columns import Record, identity_columns
from ostnet.evaluation.metrics.embedders import Embedder
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.fid import FidNetwork
from ostnet.evaluation.metrics.lpips import Lpips
from ostnet.evaluation.metrics.network_metrics import OPTIONS, STAND_IN
from ostnet.evaluation.metrics.openface import OpenFaceAed
from ostnet.evaluation.metrics.pyfeat import PyFeat
from ostnet.evaluation.metrics.region_distance import RegionDistance
from ostnet.feature_weights import find_squeezenet

Reading = dict[str, Any]
"""Kind of network -> what it read off one picture; None where it found nothing."""


class Network(Protocol):
    """One network and the metrics that it is for."""

    kind: str
    """Key of ``network_metrics.EXTRA``."""

    name: str
    """Back end and version, as reports print it; other weights, other name."""

    def read(self, images: Sequence[np.ndarray], faces: Sequence[Face | None]) -> list[Any]:
        """uint8 RGB (H, W, 3) pictures and their faces -> one reading each."""

    def columns(self, output: Any, source: Any, driver: Any) -> Record:
        """One output's columns from three readings; NaN where one of them is None."""


class EmbedderNetwork:
    """An identity embedder in this role."""

    def __init__(self, embedder: Embedder):
        self._embedder = embedder
        self.kind, self.name = embedder.key, embedder.name

    def read(
        self, images: Sequence[np.ndarray], faces: Sequence[Face | None]
    ) -> list[np.ndarray | None]:
        return [
            face and self._embedder.embed(image, face.landmarks)
            for image, face in zip(images, faces, strict=True)
        ]

    def columns(self, output, source, driver) -> Record:
        return identity_columns(self.kind, output, source, driver)


class Extras:
    """The networks that were given; none of them by default."""

    def __init__(self, networks: Sequence[Network] = ()):
        self._networks = list(networks)

    @property
    def names(self) -> dict[str, str]:
        """Kind -> back end and version."""
        return {network.kind: network.name for network in self._networks}

    def only(self, kinds: Collection[str]) -> "Extras":
        """Those of these kinds."""
        return Extras([network for network in self._networks if network.kind in kinds])

    def read(self, images: Sequence[np.ndarray], faces: Sequence[Face | None]) -> list[Reading]:
        """What every network reads off each of these pictures (one at least) and their faces."""
        readings: list[Reading] = [{} for _ in images]
        for network in self._networks:
            for reading, found in zip(readings, network.read(images, faces), strict=True):
                reading[network.kind] = found
        return readings

    def columns(self, output: Reading, source: Reading, driver: Reading) -> Record:
        """Every network's columns for one output; an empty source stands for none."""
        record: Record = {}
        for network in self._networks:
            kind = network.kind
            record |= network.columns(output[kind], source.get(kind), driver[kind])
        return record


def features(readings: Sequence[Reading]) -> np.ndarray | None:
    """(N, D) features of which the distribution counts; None without such a network."""
    kind = FidNetwork.kind
    return np.stack([reading[kind] for reading in readings]) if kind in readings[0] else None


MAKERS: dict[str, Callable[[Path, str], Network]] = {
    "lpips": Lpips,
    "fid": FidNetwork,
    "arcface": lambda path, device: EmbedderNetwork(ArcFaceEmbedder(path)),
    "openface": OpenFaceAed,
    "py-feat": PyFeat,
}


def load_extras(config: object, kinds: Collection[str], device: str) -> Extras:
    """The networks of these kinds whose paths the configuration gives, or that are installed.

    Raises InputError where a file is missing, is something else, or a package is not installed.
    """
    paths = {kind: getattr(config, OPTIONS[kind].field) for kind in MAKERS if kind in kinds}
    given = [MAKERS[kind](path, device) for kind, path in paths.items() if path]
    packaged = find_squeezenet() if STAND_IN in kinds else None
    return Extras([RegionDistance(packaged, device), *given] if packaged else given)


def unused_networks(config: object, kinds: Collection[str]) -> list[str]:
    """Flags of the networks that the configuration gives although they are none of these kinds."""
    others = [option for kind, option in OPTIONS.items() if kind not in kinds]
    return [option.flag for option in others if getattr(config, option.field)]
