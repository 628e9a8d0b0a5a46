"""The face reader and the networks of one measurement, made from its options."""

from collections.abc import Collection

import cv2
import skimage

from ostnet.evaluation.metrics import gaze
from ostnet.evaluation.metrics.embedders import make_embedder
from ostnet.evaluation.metrics.extras import Extras, load_extras
from ostnet.evaluation.metrics.face_reader import FaceReader
from ostnet.evaluation.metrics.landmarkers import make_landmarker
from ostnet.evaluation.metrics.metric_options import MetricOptions


def make_instruments(
    options: MetricOptions, kinds: Collection[str], device: str
) -> tuple[FaceReader, Extras]:
    """Landmarker with embedder, and the networks of these kinds.

    Raises InputError for unknown names and for weights that cannot be used.
    """
    landmarker = make_landmarker(options.landmarker, device, options.fan_weights)
    reader = FaceReader(landmarker, make_embedder(options.embedder))
    return reader, load_extras(options, kinds, device)


def backends(reader: FaceReader, extras: Extras) -> dict[str, str]:
    """Kind of back end -> name and version."""
    return {
        "numpy": "ostnet",
        "scikit-image": f"scikit-image {skimage.__version__}",
        "landmarker": reader.landmarker.name,
        "irises": f"{gaze.NAME}, OpenCV {cv2.__version__}; contour: {reader.landmarker.name}",
        "embedder": reader.embedder.name,
        "module": f"ostnet, OpenCV {cv2.__version__}",
        "points": f"F_kp of the network; landmarker: {reader.landmarker.name}",
        **extras.names,
    }
