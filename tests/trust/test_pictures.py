"""Untrusted portraits: each is read, or refused in one line that names it."""

import io
import random
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from ostnet.errors import InputError
from ostnet.media import image
from ostnet.media.image import read_image

LEFT_RED = Image.fromarray(
    np.where(np.arange(48)[None, :, None] < 24, [255, 0, 0], [0, 0, 255])
    .repeat(40, 0)
    .astype(np.uint8)
)
"""48 x 40 pixels, red on the left, blue on the right."""

BLUE = Image.new("RGB", LEFT_RED.size, "blue")


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def quarter_turn() -> Image.Exif:
    """What a phone held upright writes."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "TIFF"])
def test_turned_by_metadata(kind, tmp_path):
    (tmp_path / "p").write_bytes(saved(LEFT_RED, kind, exif=quarter_turn()))
    turned = read_image(tmp_path / "p")
    assert turned.shape == (48, 40, 3)
    assert turned[6, 20, 0] > 200 > 60 > turned[42, 20, 0]  # left has become the top


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture(kind, tmp_path):
    (tmp_path / "p").write_bytes(saved(LEFT_RED, kind, save_all=True, append_images=[BLUE] * 3))
    first = read_image(tmp_path / "p")
    assert first.shape == (40, 48, 3) and first[20, 6, 0] > 200


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "BMP", "PPM", "TGA"])
def test_other_kinds(kind, tmp_path):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow has no {kind}")
    (tmp_path / "p").write_bytes(saved(LEFT_RED, kind))
    assert read_image(tmp_path / "p")[20, 6, 0] > 200


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "I;16", "F", "1"])
def test_a_process_of_its_own_gives_the_same_bytes(mode, tmp_path):
    grey = np.asarray(LEFT_RED.convert("L"), np.uint16)
    picture = LEFT_RED.convert(mode) if mode != "I;16" else Image.fromarray(grey << 8)
    picture.save(tmp_path / "p", "TIFF")
    here = read_image(tmp_path / "p", sandboxed=False)
    assert here.std() > 20 and np.array_equal(read_image(tmp_path / "p"), here)


def test_a_decoder_that_crashes_is_a_picture_refused(tmp_path, monkeypatch):
    """As one does that a file makes write where it must not."""
    monkeypatch.setattr(image, "PROGRAM", "import os; os.kill(os.getpid(), 11)")
    (tmp_path / "p").write_bytes(saved(LEFT_RED, "PNG"))
    with pytest.raises(InputError, match="^p: 'p' is not a readable picture; give a PNG"):
        read_image(tmp_path / "p")


def icon(picture: bytes) -> bytes:
    """An ICO that says 64 x 64 and holds another picture."""
    entry = struct.pack("<BBBBHHII", 64, 64, 0, 0, 1, 32, len(picture), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + picture


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be so large and holds next to nothing."""
    blocks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    blocks += [(b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in blocks
    )


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", saved(LEFT_RED, "PNG"))
    return content.getvalue()


UNUSABLE = {
    "empty.png": b"",
    "pixel.png": saved(Image.new("RGB", (1, 1)), "PNG"),
    "huge.png": png_header(30_000, 30_000),
    "endless.png": png_header(2**31 - 1, 2**31 - 1),
    "huge.ico": icon(png_header(30_000, 30_000)),
    "hollow.png": png_header(64, 64),
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>',
    "document.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>",
    "archive.jpg": zipped(),
    "page.html.jpg": b"<html><img src=http://localhost/a.png></html>",
    "heic.heic": b"\x00\x00\x00\x18ftypheic" + bytes(200),
    "avif.avif": b"\x00\x00\x00\x18ftypavif" + bytes(200),
    "half.jpg": saved(LEFT_RED, "JPEG")[:300],
    "half.webp": saved(LEFT_RED, "WEBP")[:40],
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_used_is_named_in_one_line(name, tmp_path):
    (tmp_path / name).write_bytes(UNUSABLE[name])
    with pytest.raises(InputError, match="^source: .*; ") as refused:
        read_image(tmp_path / name, role="source")
    assert len(str(refused.value).splitlines()) == 1


def test_no_picture_is_run_as_a_program(tmp_path, monkeypatch):
    """PostScript is one; Pillow would hand it to Ghostscript."""

    def run(*arguments, **options):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", run)
    (tmp_path / "p.jpg").write_bytes(saved(LEFT_RED, "EPS"))
    with pytest.raises(InputError, match="not a readable picture"):
        read_image(tmp_path / "p.jpg", sandboxed=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "TGA"])
def test_flipped_bytes_end_in_a_picture_or_a_line(kind, tmp_path):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow has no {kind}")
    content, dice = saved(LEFT_RED, kind), random.Random(kind)
    for _ in range(40):
        broken = bytearray(content)
        for _ in range(dice.randint(1, 6)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        (tmp_path / "p").write_bytes(broken[: dice.choice([None, dice.randrange(len(broken))])])
        try:
            assert read_image(tmp_path / "p", sandboxed=False).dtype == np.uint8
        except InputError as refused:
            assert str(refused).startswith("p: ")
