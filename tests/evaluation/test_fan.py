"""face-alignment on random weights from a folder, its heat maps decoded independently.

Skipped where that package is not installed: it demands an OpenCV with windows, which an
installation without a screen cannot have beside the headless one. ``install.sh dev`` adds it.
"""

import numpy as np
import pytest
import torch

from ostnet.errors import InputError
from ostnet.evaluation.metrics.faces import FAN_FILE, S3FD_FILE, make_landmarker

pytest.importorskip("face_alignment", reason="see install.sh: it demands opencv-python")

MIRRORED = [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
            45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, *range(54, 47, -1), *range(59, 54, -1),
            *range(64, 59, -1), 67, 66, 65]  # fmt: skip
"""Landmark -> its partner in the mirrored picture."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights; of the detector's heads only the coarsest may find faces."""
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


def decoded(heat, centre, side):
    """(68, 64, 64) heat maps of the square of that side -> (68, 2) pixels of the picture.

    The highest cell, moved a quarter towards its higher neighbour along each axis.
    """
    points = []
    for plane in heat:
        y, x = np.unravel_index(plane.argmax(), plane.shape)
        point = np.array([x, y], float)
        if 0 < x < 63 and 0 < y < 63:
            step = [plane[y, x + 1] - plane[y, x - 1], plane[y + 1, x] - plane[y - 1, x]]
            point += 0.25 * np.sign(step)
        points.append(np.trunc((point + 0.5) * side / 64 + centre - side / 2))
    return np.array(points)


def test_landmarks_are_the_decoded_heat_maps_of_the_network(weights, rng):
    from face_alignment.models import FAN
    from face_alignment.utils import crop

    landmarker = make_landmarker("face-alignment", "cpu", weights)
    image = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    network = FAN(4).eval()
    network.load_state_dict(torch.load(weights / FAN_FILE))
    boxes = landmarker._network.face_detector.detect_from_image(image)
    assert len(boxes) > 0
    faces = []
    for left, top, right, bottom, _ in boxes:
        width, height = right - left, bottom - top
        centre = np.array([(left + right) / 2, (top + bottom) / 2 - 0.12 * height])
        scale = (width + height) / 195
        square = torch.from_numpy(crop(image, centre, scale)).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            straight, mirrored = network(square)[-1][0], network(square.flip(3))[-1][0]
        heat = straight + mirrored[MIRRORED].flip(2)
        faces.append(decoded(heat.numpy(), centre, 200 * scale))
    largest = max(faces, key=lambda face: np.ptp(face, axis=0).prod())
    np.testing.assert_allclose(landmarker.landmarks(image), largest, atol=1)
    assert "sha256" in landmarker.name


def test_a_picture_without_a_face_has_no_landmarks(weights, tmp_path, rng):
    state = torch.load(weights / S3FD_FILE)
    state["conv7_2_mbox_conf.bias"][-1] = -9
    torch.save(state, tmp_path / S3FD_FILE)
    (tmp_path / FAN_FILE).symlink_to(weights / FAN_FILE)
    landmarker = make_landmarker("face-alignment", "cpu", tmp_path)
    assert landmarker.landmarks(np.zeros((256, 256, 3), np.uint8)) is None


def test_missing_or_foreign_weights_are_named(tmp_path, weights):
    with pytest.raises(InputError, match=f"fan_weights: .*{FAN_FILE}"):
        make_landmarker("face-alignment", "cpu", tmp_path)
    torch.save({}, tmp_path / FAN_FILE)
    with pytest.raises(InputError, match=f"fan_weights: .*{S3FD_FILE}"):
        make_landmarker("face-alignment", "cpu", tmp_path)
    (tmp_path / S3FD_FILE).symlink_to(weights / S3FD_FILE)
    with pytest.raises(InputError, match="holds other weights"):
        make_landmarker("face-alignment", "cpu", tmp_path)
    with pytest.raises(InputError, match="fan_weights: dlib does not use them"):
        make_landmarker("dlib", "cpu", weights)
