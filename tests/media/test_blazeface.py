"""The faces that people bring: small, dark, tilted, covered, cut off, too close."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ostnet.media.blazeface_networks import WEIGHTS
from ostnet.media.crop import source_crop
from ostnet.media.detector_blazeface import BlazeFaceDetector
from ostnet.media.orientation import upright_faces

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = ROOT / "examples" / "portraits" / "eileen_collins.jpg"
HEAD = (70, 0, 370, 300)
"""The head in the portrait, with some room."""

CENTRE, HEIGHT = (155 / 300, 122 / 300), 104 / 300
"""The face in that square, forehead to chin, as shares of its side; read off the picture."""


@pytest.fixture(scope="module")
def detector():
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
def test_a_small_face_in_a_photo(detector, head, size, face, corner):
    picture, centre = scene(head, size, face, corner)
    (found,) = detector.detect(picture)
    assert found.side == pytest.approx(face, rel=0.1)
    assert found.centre == pytest.approx(centre, abs=0.1 * face)
    crop, warning = source_crop(picture, detector=detector)
    assert 1.6 < crop.size / face < 2.1
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
def test_a_face_that_is_hard_to_see(detector, head, change):
    (found,) = detector.detect(np.asarray(change(head)))
    assert found.side == pytest.approx(600 * HEIGHT, rel=0.1)
    assert found.centre == pytest.approx([600 * share for share in CENTRE], abs=25)


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_a_tilted_head_is_found_and_its_roll_told(detector, head, degrees):
    picture = head.rotate(-degrees, fillcolor=(210, 200, 200))  # clockwise
    (found,) = detector.faces(np.asarray(picture))
    assert found.roll == pytest.approx(degrees + 4, abs=8)  # she holds her head 4 degrees aslant
    assert found.box.side == pytest.approx(600 * HEIGHT, rel=0.12)


def test_half_a_face(detector, head):
    (found,) = detector.detect(np.asarray(head.crop((300, 0, 600, 600))))
    assert found.left < 0 < found.right < 150
    assert found.side == pytest.approx(600 * HEIGHT, rel=0.1)


def test_a_picture_that_is_nothing_but_face(detector, head):
    picture = np.asarray(head.crop((210, 125, 390, 340)))
    (found,) = detector.detect(picture)
    assert found.side == pytest.approx(600 * HEIGHT, rel=0.1)
    crop, _ = source_crop(picture, detector=detector)
    assert crop.size > 215 and crop.left < 0  # with room around it


@pytest.mark.parametrize("turns", range(4))
def test_a_picture_that_lies_or_stands_on_its_head_is_turned(detector, head, turns):
    picture = np.asarray(head.rotate(90 * turns))  # counter-clockwise
    assert upright_faces(picture, detector).turns == (4 - turns) % 4


def test_a_picture_without_a_face_stays_as_it_is(detector):
    assert upright_faces(np.full((300, 400, 3), 90, np.uint8), detector).turns == 0


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


def test_nothing_is_taken_for_a_face(detector):
    assert [detector.detect(picture) for picture in nothing()] == [[]] * 8


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (2000, 5)])
def test_pictures_of_odd_shapes_are_looked_at(detector, size):
    assert detector.detect(np.zeros((*size, 3), np.uint8)) == []


def test_two_detectors_share_the_weights_and_not_their_results(detector, head):
    other, picture = BlazeFaceDetector(), np.asarray(head)
    first = detector.detect(picture)
    assert other.detect(np.zeros_like(picture)) == []
    assert detector.detect(picture) == first == other.detect(picture)


def test_the_weights_are_those_that_their_readme_names():
    named = dict(
        re.findall(r"\| `(\S+\.tflite)` \| `(\w{64})` \|", (WEIGHTS / "README.md").read_text())
    )
    files = {file.name: hashlib.sha256(file.read_bytes()) for file in WEIGHTS.glob("*.tflite")}
    assert named == {name: digest.hexdigest() for name, digest in files.items()}
    assert "Apache License" in (WEIGHTS / "LICENSE").read_text()


def test_importing_a_detector_loads_no_network():
    code = (
        "import sys, ostnet.media.detector_blazeface, ostnet.media.faces;"
        "assert not {'openvino', 'torch', 'dlib'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
