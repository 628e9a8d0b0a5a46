"""Pictures of every kind arrive as upright RGB."""

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media.video import read_image

LEFT_RED = np.zeros((40, 60, 3), np.uint8)
LEFT_RED[:, :30] = (255, 0, 0)


def test_exif_orientation_is_applied(tmp_path):
    path = tmp_path / "phone.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90 degrees
    Image.fromarray(LEFT_RED).save(path, exif=exif)
    image = read_image(path)
    assert image.shape == (60, 40, 3)
    assert image[5, 20].tolist() == [255, 0, 0] and image[-5, 20].tolist() == [0, 0, 0]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / "picture.tiff"
    Image.fromarray(LEFT_RED).convert(mode).save(path)
    image = read_image(path)
    assert image.dtype == np.uint8 and image.shape == (40, 60, 3)


def test_what_is_transparent_becomes_white(tmp_path):
    path = tmp_path / "cut-out.png"
    rgba = np.dstack([LEFT_RED, np.full((40, 60), 255, np.uint8)])
    rgba[:, 30:, 3] = 0
    Image.fromarray(rgba).save(path)
    image = read_image(path)
    assert image[20, 10].tolist() == [255, 0, 0] and image[20, 50].tolist() == [255, 255, 255]


def test_sixteen_bits_become_eight(tmp_path):
    path = tmp_path / "scan.png"
    Image.fromarray(np.full((40, 40), 0x80FF, np.uint16)).save(path)
    assert np.unique(read_image(path)).tolist() == [0x80]


def test_unusable_pictures_are_refused_in_one_line(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.fromarray(LEFT_RED[:20]).save(tmp_path / "small.png")
    Image.fromarray(LEFT_RED.repeat(9, 0)).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    for name in ("missing.png", "text.png", "small.png", "cut.png"):
        with pytest.raises(InputError, match=r"^source: .*; .*"):
            read_image(tmp_path / name, role="source")
        with pytest.raises(InputError, match=f"^{name}: "):
            read_image(tmp_path / name)
