"""Driving clips that are folders or patterns of pictures."""

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media import sequence as module
from ostnet.media.sequence import is_sequence, picture_files, sequence
from ostnet.media.video import probe, read_frames


@pytest.fixture
def folder(tmp_path):
    """Twelve grey pictures, frame_1.png to frame_12.png, each as bright as its number."""
    (tmp_path / "frames").mkdir()
    for number in range(1, 13):
        write(tmp_path / "frames" / f"frame_{number}.png", number)
    return tmp_path / "frames"


def write(path, level, size=(48, 40)):
    Image.new("RGB", size, (level,) * 3).save(path)


def levels(path) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in read_frames(sequence(path, 25))]


def test_a_folder_is_a_clip_in_the_order_of_its_numbers(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_PICTURES", 5)  # in each of three processes
    (folder / "notes.txt").touch()
    (folder / ".hidden.png").touch()
    clip = sequence(folder, 29.97)
    info = probe(clip)
    assert (info.size, info.frames, float(info.fps), info.audio) == ((40, 48), 12, 29.97, None)
    assert levels(folder) == list(range(1, 13))
    assert len(list(read_frames(clip, max_frames=3))) == 3


def test_a_pattern_chooses_among_the_files(folder):
    write(folder / "frame_0013.png", 13)
    write(folder / "other_1.png", 99)
    assert levels(folder / "frame_%d.png") == list(range(1, 14))
    assert levels(folder / "frame_%04d.png") == [13]
    assert levels(folder / "frame_1*.png") == [1, 10, 11, 12]
    assert levels(folder / "frame_?.png") == list(range(1, 10))


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder):
    write(folder / "100%d.png", 1)
    assert not is_sequence(folder / "100%d.png") and is_sequence(folder / "101%d.png")


def test_what_cannot_be_read_is_named(folder, tmp_path):
    def says(words, path=folder):
        with pytest.raises(InputError, match=f"^driving: {words}"):
            levels(path)

    says("no picture fits '.*/gone/.*png'; give a folder", tmp_path / "gone" / "*.png")
    write(folder / "frame_7.png", 7, size=(50, 40))
    says("'frame_7.png' has 50x40 pixels, the first picture 48x40")
    (folder / "frame_6.png").write_bytes(b"nothing")
    says("'frame_6.png' is not a readable picture")
    write(folder / "frame_1.png", 1, size=(8, 8))
    says("8x8 pixels is too small")
    (folder / "frame_1.png").unlink()
    (folder / "frame_1.png").symlink_to("/dev/zero")  # neither read nor waited for
    assert picture_files(folder)[0].name == "frame_2.png"


def test_the_frames_are_the_pictures(folder):
    picture = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
    Image.fromarray(picture).save(folder / "frame_1.png")
    assert np.array_equal(next(read_frames(sequence(folder, 25))), picture)
