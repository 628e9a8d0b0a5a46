"""Names of files are names: never options, patterns, addresses, commands or further lines."""

import os
import shutil

import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media.video import probe, read_frames, read_image

NAMES = [
    "a b",
    "пример 例",
    "\N{GRINNING FACE}",
    "new\nline",
    "-rf",
    "--output",
    "%03d",
    "%s%n",
    "*",
    "a{b}",
    "|ls",
    "pipe:0",
    "http:x",
    "concat:a|b",
    "quote'\"",
    "$(ls)`ls`;ls",
    "[0:v]",
    "..",
    "~",
    "a" * 240,
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_read(name, short_clip, portrait, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # so that the name begins as it is given
    clip, picture = f"{name}.mp4", f"{name}.png"
    shutil.copy(short_clip, tmp_path / clip)
    shutil.copy(portrait, tmp_path / picture)
    assert probe(clip).frames == len(list(read_frames(clip))) == 5
    assert read_image(picture).shape == (256, 256, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["-rf", "%03d", "http:x", "new\nline", "[0:v]", "a b\udcff"])
def test_any_name_can_be_written(name, animate, short_clip, tmp_path, monkeypatch):
    """The name of the folder, too; a GIF is the one that is made in steps."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    shutil.copy(short_clip, f"{tmp_path}/{name}/in.mp4")
    output = f"{name}/{name}.gif"
    assert animate(driving=f"{name}/in.mp4", output=output) == (0, "")
    assert sorted(os.listdir(tmp_path / name)) == sorted([f"{name}.gif", "in.mp4"])
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["%03d.png", "*.png", "00?.png", "%03d.jpg"])
def test_a_pattern_in_a_name_shows_no_other_file(name, tmp_path):
    """ffmpeg would read 001.png and 002.png as a clip."""
    for number in (1, 2):
        Image.new("RGB", (64, 64), "red").save(tmp_path / f"{number:03d}{name[-4:]}")
    Image.new("RGB", (64, 64), "blue").save(tmp_path / name)
    with pytest.raises(InputError, match="contains no readable video"):
        probe(tmp_path / name)
    assert tuple(read_image(tmp_path / name)[0, 0] > 200) == (False, False, True)


@pytest.mark.parametrize(
    "name", ["forged\nostnet: error: line.png", "\x1b[31mred.png", "a\u2028b.png", "a\udcffb.png"]
)
def test_a_name_makes_no_second_line(name, animate, tmp_path):
    path = tmp_path / name
    for content in (None, b"no picture"):
        if content is not None:
            path.write_bytes(content)
        code, said = animate(source=path)
        assert code == 2 and said.startswith("ostnet: error: source: ")
        assert len(said.splitlines()) == 1 and said.rstrip("\n").isprintable()


@pytest.mark.parametrize("special", ["/dev/zero", "/dev/stdin", "pipe", "socket", "folder", "loop"])
def test_what_is_no_plain_file_is_not_opened(special, animate, tmp_path):
    import socket

    path = special if special.startswith("/") else tmp_path / special
    if special == "pipe":
        os.mkfifo(path)
    elif special == "socket":
        with socket.socket(socket.AF_UNIX) as place:
            place.bind(str(path))
    elif special == "folder":
        path.mkdir()
    elif special == "loop":
        path.symlink_to(path)
    for role in ("source", "driving"):
        code, said = animate(**{role: path})
        assert code == 2 and said.startswith(f"ostnet: error: {role}: ")


@pytest.mark.parametrize("text", ["a\0b.png", "a" * 5000 + ".png", "/" * 5000])
def test_names_that_no_system_takes(text, animate):
    for role in ("source", "driving", "output", "checkpoint"):
        code, said = animate(**{role: text})
        assert code == 2 and said.startswith("ostnet: error: ") and said.count("\n") == 1
