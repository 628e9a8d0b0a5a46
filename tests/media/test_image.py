"""Pictures of every kind arrive as upright RGB."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from ostnet.errors import InputError
from ostnet.media.video import read_image

LEFT_RED = np.zeros((40, 60, 3), np.uint8)
LEFT_RED[:, :30] = (255, 0, 0)


def test_what_is_transparent_becomes_white(tmp_path):
    path = tmp_path / "cut-out.png"
    rgba = np.dstack([LEFT_RED, np.full((40, 60), 255, np.uint8)])
    rgba[:, 30:, 3] = 0
    Image.fromarray(rgba).save(path)
    image = read_image(path)
    assert image[20, 10].tolist() == [255, 0, 0] and image[20, 50].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("values", "shade"),
    [
        (np.float32(0.5), 128),
        (np.float32(128), 128),
        (np.float32(32896), 128),
        (np.int32(0x80FF), 0x80),
        (np.int32(0x60FFFFFF), 0x60),
    ],
)
def test_grey_of_any_depth_keeps_its_shade(tmp_path, values, shade):
    picture = np.full((40, 40), values)
    picture[0, 0] = {"f": picture.max() * 1.9, "i": picture.max()}[picture.dtype.kind]
    Image.fromarray(picture).save(tmp_path / "scan.tiff")
    assert read_image(tmp_path / "scan.tiff")[20, 20].tolist() == [shade] * 3


def test_numbers_that_are_no_shades_are_refused(tmp_path):
    Image.fromarray(np.full((40, 40), -1, np.float32)).save(tmp_path / "depth.tiff")
    with pytest.raises(InputError, match="not a readable picture"):
        read_image(tmp_path / "depth.tiff")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_embedded_profile_is_applied(tmp_path, mode):
    """The same numbers mean lighter colours in a space whose values are proportional to light."""
    picture = Image.new("RGB", (40, 40), (60, 60, 60)).convert(mode)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(linear_profile(grey=mode == "L")))
    picture.save(tmp_path / "linear.png", icc_profile=profile.tobytes())
    expected = 255 * (1.055 * (60 / 255) ** (1 / 2.4) - 0.055)
    assert abs(int(read_image(tmp_path / "linear.png")[20, 20, 0]) - expected) < 3


def test_the_profile_of_srgb_changes_nothing(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(noise).save(tmp_path / "tagged.png", icc_profile=profile)
    assert np.array_equal(read_image(tmp_path / "tagged.png"), noise)


def test_a_broken_profile_is_ignored(tmp_path):
    Image.fromarray(LEFT_RED).save(tmp_path / "odd.png", icc_profile=b"nothing")
    assert np.array_equal(read_image(tmp_path / "odd.png"), LEFT_RED)


def test_what_phones_write_is_read(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(LEFT_RED.repeat(4, 0).repeat(4, 1))).save(tmp_path / "p.heic")
    image = read_image(tmp_path / "p.heic")
    assert image.shape == (160, 240, 3) and image[80, 60, 0] > 230 > 30 > image[80, 200, 0]


def linear_profile(grey: bool) -> bytes:
    """A small ICC profile (version 2) with sRGB's primaries and no curve."""

    def xyz(*values):
        return b"XYZ " + bytes(4) + b"".join(round(v * 65536).to_bytes(4, "big") for v in values)

    curve = b"curv" + bytes(8)
    tags = {"wtpt": xyz(0.9642, 1, 0.8249), "desc": text("light"), "cprt": b"text" + bytes(5)}
    if grey:
        tags["kTRC"] = curve
    else:
        tags |= {"rTRC": curve, "gTRC": curve, "bTRC": curve}
        tags |= {"rXYZ": xyz(0.4361, 0.2225, 0.0139), "gXYZ": xyz(0.3851, 0.7169, 0.0971)}
        tags |= {"bXYZ": xyz(0.1431, 0.0606, 0.7139)}
    table, data, at = len(tags).to_bytes(4, "big"), b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name.encode() + (at + len(data)).to_bytes(4, "big") + len(value).to_bytes(4, "big")
        data += value
    space = b"GRAY" if grey else b"RGB "
    head = bytes(4) + b"\x02\x20\0\0" + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    head = (head + bytes(28) + xyz(0.9642, 1, 0.8249)[8:]).ljust(124, b"\0")
    whole = bytes(4) + head + table + data
    return len(whole).to_bytes(4, "big") + whole[4:]


def text(words: str) -> bytes:
    """A description as profiles of version 2 hold it."""
    letters = words.encode() + b"\0"
    return b"desc" + bytes(4) + len(letters).to_bytes(4, "big") + letters + bytes(78)
