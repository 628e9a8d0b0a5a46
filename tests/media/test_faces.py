"""Which detector runs, and that all mean the same by a face's box."""

import importlib.util
import sys
import types

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media import detector_s3fd
from ostnet.media.faces import Box, make_detector

FACE = (176, 70, 274, 174)
"""Left, top, right and bottom of the astronaut's face, forehead to chin, read off the picture."""

DETECTORS = ["blazeface", "dlib"]


def overlap(box, other):
    """Intersection over union."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    shared = max(width, 0) * max(height, 0)
    return shared / (box.width * box.height + other.width * other.height - shared)


@pytest.fixture(params=DETECTORS)
def detector(request):
    if request.param == "dlib":
        pytest.importorskip("dlib")
    return make_detector(request.param)


def test_a_face_is_found_where_it_is(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert overlap(face, Box(*FACE)) > 0.75


@pytest.mark.parametrize("side", [128, 300, 1500])
def test_boxes_are_in_pixels_of_the_picture_at_any_size(detector, astronaut, side):
    picture = np.asarray(Image.fromarray(astronaut[:256, 96:352]).resize((side, side)))
    scale = side / 256
    expected = Box(*(scale * (edge - shift) for edge, shift in zip(FACE, (96, 0) * 2, strict=True)))
    assert overlap(detector.detect(picture)[0], expected) > 0.7


def test_a_small_face_in_a_large_frame_is_found(detector, astronaut):
    frame = np.full((1080, 1920, 3), 90, np.uint8)
    frame[300:812, 1200:1712] = astronaut  # a face of a tenth of the frame's height
    expected = Box(FACE[0] + 1200, FACE[1] + 300, FACE[2] + 1200, FACE[3] + 300)
    assert overlap(detector.detect(frame)[0], expected) > 0.7


def test_the_largest_face_comes_first(detector, astronaut):
    frame = np.full((512, 1024, 3), 90, np.uint8)
    frame[:256, :256] = np.asarray(Image.fromarray(astronaut).resize((256, 256)))
    frame[:, 512:] = astronaut
    large, small = detector.detect(frame)
    assert large.left > 512 > small.right


def test_noise_has_no_face(detector):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    assert detector.detect(noise) == []


@pytest.fixture
def installed(monkeypatch):
    """Let only these modules be found; none has weights to be had elsewhere."""

    def only(*modules):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: name if name in modules else None
        )
        monkeypatch.setattr(detector_s3fd, "weights_file", lambda: None)

    monkeypatch.delenv("OSTNET_FACE_DETECTOR", raising=False)
    return only


def test_blazeface_is_what_runs_by_default(installed):
    installed("openvino", "face_alignment", "dlib")
    assert make_detector().name == "blazeface"


def test_without_openvino_and_weights_dlib_is_left(installed):
    pytest.importorskip("dlib")
    installed("face_alignment", "dlib")
    assert make_detector().name == "dlib"


def test_a_detector_that_was_asked_for_by_name_is_not_replaced(installed):
    installed("openvino", "face_alignment")
    for name in ("face-alignment", "dlib"):
        with pytest.raises(InputError, match=f"^face detector: the package of {name} .*choose"):
            make_detector(name)


def test_the_environment_chooses_the_detector(monkeypatch):
    pytest.importorskip("dlib")
    monkeypatch.setenv("OSTNET_FACE_DETECTOR", "dlib")
    assert make_detector().name == "dlib"
    assert make_detector("blazeface").name == "blazeface"


def test_without_any_detector_the_user_is_told_what_to_install(installed):
    installed()
    with pytest.raises(InputError, match=r"^face detector: .*openvino"):
        make_detector()
    with pytest.raises(ValueError, match="found 'haar'"):
        make_detector("haar")


def test_boxes_of_the_network_are_scaled_back_and_sorted(monkeypatch):
    """With a stand-in for S3FD that marks fixed places of the picture it is given."""

    class Network:
        def __init__(self, device, path_to_detector):
            assert (device, path_to_detector) == ("cpu", "weights.pth")

        def detect_from_image(self, image):
            height, width = image.shape[:2]
            small = np.array([0.1 * width, 0.1 * height, 0.2 * width, 0.2 * height, 0.9])
            large = np.array([0.5 * width, 0.5 * height, 0.9 * width, 0.9 * height, 0.8])
            return [small, large]

    module = types.ModuleType("sfd")
    module.FaceDetector = Network
    monkeypatch.setitem(sys.modules, "face_alignment", types.ModuleType("face_alignment"))
    monkeypatch.setitem(sys.modules, "face_alignment.detection", types.ModuleType("detection"))
    monkeypatch.setitem(sys.modules, "face_alignment.detection.sfd", module)
    large, small = detector_s3fd.S3fdDetector("weights.pth").detect(
        np.zeros((600, 1000, 3), np.uint8)
    )
    assert (large.left, large.bottom) == pytest.approx((500, 540), rel=0.01)
    assert (small.right, small.top) == pytest.approx((200, 60), rel=0.01)
