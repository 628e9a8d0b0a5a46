"""Face detectors: which one runs, and the faces that they find."""

import hashlib
import importlib.util
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ostnet.errors import InputError
from ostnet.media import detector_s3fd
from ostnet.media.blazeface_networks import WEIGHTS
from ostnet.media.crop import source_crop
from ostnet.media.detector_blazeface import BlazeFaceDetector
from ostnet.media.faces import Box, make_detector
from ostnet.media.orientation import upright_faces

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = ROOT / "examples" / "portraits" / "eileen_collins.jpg"
HEAD = (70, 0, 370, 300)
"""The head in the portrait, with some room."""

CENTRE, HEIGHT = (155 / 300, 122 / 300), 104 / 300
"""The face in that square, forehead to chin, as shares of its side; read off the picture."""


@pytest.fixture(scope="module")
def blazeface():
    return BlazeFaceDetector()


@pytest.fixture(scope="module")
def head():
    """A square portrait of 600 pixels, its face 208 pixels high."""
    picture = Image.open(PORTRAIT).convert("RGB").crop(HEAD)
    return picture.resize((600, 600), Image.Resampling.LANCZOS)


def scene(head, size, face, corner):
    """The head with its face so high, in a blotched picture of that size; where its face is."""
    blots = np.random.default_rng(0).integers(105, 133, (40, 60, 3), np.uint8)
    picture = Image.fromarray(blots).resize(size, Image.Resampling.BICUBIC)
    side = round(face / HEIGHT)
    picture.paste(head.resize((side, side), Image.Resampling.LANCZOS), corner)
    return np.asarray(picture), tuple(a + b * side for a, b in zip(corner, CENTRE, strict=True))


@pytest.mark.parametrize(
    "size, face, corner",
    [
        pytest.param((4032, 3024), 180, (2900, 1900), id="12 megapixels"),
        pytest.param((4032, 3024), 120, (900, 700), id="12 megapixels, further away"),
        pytest.param((1920, 1080), 60, (300, 200), id="HD"),
        pytest.param((1080, 1920), 60, (700, 1500), id="HD, upright"),
    ],
)
def test_a_small_face_in_a_photo(blazeface, head, size, face, corner):
    picture, centre = scene(head, size, face, corner)
    (found,) = blazeface.detect(picture)
    assert found.side == pytest.approx(face, rel=0.1)
    assert found.centre == pytest.approx(centre, abs=0.1 * face)
    crop, warning = source_crop(picture, detector=blazeface)
    assert 1.7 < crop.size / face < 2.2
    assert warning is None or "pixels high" in warning


def masked(head):
    picture = head.copy()
    cloth = [(212, 240), (388, 240), (380, 310), (300, 345), (220, 310)]
    ImageDraw.Draw(picture).polygon(cloth, fill=(150, 200, 220))
    return picture


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(masked, id="mask"),
        pytest.param(lambda head: head.point(lambda v: v // 6), id="dark"),
        pytest.param(lambda head: head.point(lambda v: min(255, 2 * v + 60)), id="overexposed"),
        pytest.param(lambda head: head.convert("L").convert("RGB"), id="grey"),
    ],
)
def test_a_face_that_is_hard_to_see(blazeface, head, change):
    (found,) = blazeface.detect(np.asarray(change(head)))
    assert found.side == pytest.approx(600 * HEIGHT, rel=0.1)
    assert found.centre == pytest.approx([600 * share for share in CENTRE], abs=25)


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_a_tilted_head_is_found_and_its_roll_told(blazeface, head, degrees):
    picture = head.rotate(-degrees, fillcolor=(210, 200, 200))  # clockwise
    (found,) = blazeface.faces(np.asarray(picture))
    assert found.roll == pytest.approx(degrees + 4, abs=8)  # she holds her head 4 degrees aslant
    assert found.box.side == pytest.approx(600 * HEIGHT, rel=0.12)


def test_a_picture_that_is_nothing_but_face(blazeface, head):
    picture = np.asarray(head.crop((210, 125, 390, 340)))
    (found,) = blazeface.detect(picture)
    assert found.side == pytest.approx(600 * HEIGHT, rel=0.1)
    crop, _ = source_crop(picture, detector=blazeface)
    assert crop.size > 215 and crop.left < 0  # with room around it


@pytest.mark.parametrize("turns", range(4))
def test_a_picture_that_lies_or_stands_on_its_head_is_turned(blazeface, head, turns):
    picture = np.asarray(head.rotate(90 * turns))  # counter-clockwise
    assert upright_faces(picture, blazeface).turns == (4 - turns) % 4


def test_a_picture_without_a_face_stays_as_it_is(blazeface):
    assert upright_faces(np.full((300, 400, 3), 90, np.uint8), blazeface).turns == 0


def nothing():
    """Pictures without a face: noise, blots, a gradient, a test card."""
    random = np.random.default_rng(1)
    for height, width in ((256, 256), (1080, 1920)):
        yield random.integers(0, 256, (height, width, 3), np.uint8)
        blots = random.integers(0, 256, (25, 40, 3), np.uint8)
        yield np.asarray(Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC))
        rows, columns = np.mgrid[:height, :width]
        slopes = [rows * 255 // height, columns * 255 // width, (rows + columns) % 256]
        yield np.stack(slopes, axis=-1).astype(np.uint8)
        yield np.tile(np.kron([[0, 255], [255, 0]], np.ones((16, 16)))[..., None],
                      (height // 32, width // 32, 3)).astype(np.uint8)  # fmt: skip


def test_pictures_without_a_face_give_no_detection(blazeface):
    assert [blazeface.detect(picture) for picture in nothing()] == [[]] * 8


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (2000, 5)])
def test_pictures_of_extreme_shapes_are_accepted(blazeface, size):
    assert blazeface.detect(np.zeros((*size, 3), np.uint8)) == []


def test_two_detectors_share_the_weights_and_not_their_results(blazeface, head):
    other, picture = BlazeFaceDetector(), np.asarray(head)
    first = blazeface.detect(picture)
    assert other.detect(np.zeros_like(picture)) == []
    assert blazeface.detect(picture) == first == other.detect(picture)


def test_the_weights_are_those_that_their_readme_names():
    named = dict(
        re.findall(r"\| `(\S+\.tflite)` \| `(\w{64})` \|", (WEIGHTS / "README.md").read_text())
    )
    files = {file.name: hashlib.sha256(file.read_bytes()) for file in WEIGHTS.glob("*.tflite")}
    assert named == {name: digest.hexdigest() for name, digest in files.items()}
    assert "Apache License" in (WEIGHTS / "LICENSE").read_text()


FACE = (176, 70, 274, 174)
"""Left, top, right and bottom of the astronaut's face, forehead to chin, read off the picture."""


@pytest.fixture(params=["blazeface", "dlib"])
def detector(request):
    if request.param == "dlib":
        pytest.importorskip("dlib")
    return make_detector(request.param)


def test_a_face_is_found_where_it_is(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert face.overlap(Box(*FACE)) > 0.75


def test_the_largest_face_comes_first(detector, astronaut):
    frame = np.full((512, 1024, 3), 90, np.uint8)
    frame[:256, :256] = np.asarray(Image.fromarray(astronaut).resize((256, 256)))
    frame[:, 512:] = astronaut
    large, small = detector.detect(frame)
    assert large.left > 512 > small.right


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
        with pytest.raises(InputError, match=f"^face detector: {name} is not .*choose"):
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
