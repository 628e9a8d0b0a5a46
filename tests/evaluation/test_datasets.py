"""Folders of clips: their layout, the identity in a clip, and its frames."""

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import (
    count_frames,
    frame_rate,
    id_of,
    load_frames,
    read_clips,
    read_dataset,
)


def make_frames(folder, names):
    """A folder of 32 x 32 pictures, the n-th as bright as 10 n."""
    folder.mkdir(parents=True)
    for n, name in enumerate(names):
        Image.fromarray(np.full((32, 32, 3), 10 * n, np.uint8)).save(folder / name)


@pytest.mark.parametrize(
    ("file", "kind", "person"),
    [
        ("test/id10283#u3s9xdUlmmk#005241#006005.mp4", "voxceleb1", "id10283"),
        ("id10283#u3s9xdUlmmk#005241#006005", "voxceleb1", "id10283"),
        ("test/RD_Radio34_001.mp4", "hdtf", "RD_Radio34"),
        ("RD_Radio34_001_1053_1133.mp4", "hdtf", "RD_Radio34"),
        ("test/WDA_BarackObama_000.mp4", "hdtf", "WDA_BarackObama"),
        ("WDA_JoeCrowley0_000", "hdtf", "WDA_JoeCrowley"),
        ("WDA_JoeCrowley1_002.mp4", "hdtf", "WDA_JoeCrowley"),
        ("test/anyone.mp4", "hdtf", "anyone"),
        ("test/anyone.mp4", "voxceleb1", "anyone"),
        ("test/WDA_JoeCrowley1_002.mp4", "files", "WDA_JoeCrowley1_002"),
    ],
)
def test_the_name_tells_the_person(file, kind, person):
    assert id_of(file, kind) == person


def test_a_manifest_goes_first(data):
    dataset = read_dataset(data)
    assert len(dataset.clips) == 4
    assert dataset.describe().endswith("(manifest), split val, 4 clips, 3 people")
    assert dataset == read_dataset(data, "manifest")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"file," + 200_000 * b"a"], ids=["bytes", "a cell"]
)
def test_a_manifest_that_is_no_table_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"^data: .*manifest.csv is not CSV text \(.*\)$"):
        read_dataset(tmp_path, "manifest")


def test_a_draw_takes_so_many_clips(data):
    dataset = read_dataset(data, count=2, seed=5)
    assert len(dataset.clips) == 2 and set(dataset.clips) < set(read_dataset(data).clips)
    assert "2 clips drawn from 4 by seed 5" in dataset.describe()
    with pytest.raises(InputError, match="clips: asked for 9, found only 4"):
        read_dataset(data, count=9)


def test_folders_of_frames_in_test(tmp_path):
    names = [f"{n:06d}.jpg" for n in range(3)]
    for clip in ("WRA_B0_000.mp4", "WRA_B1_000.mp4", "RD_Radio3_000.mp4"):
        make_frames(tmp_path / "hdtf" / "test" / clip, names)
    make_frames(tmp_path / "hdtf" / "train" / "WDA_C_000.mp4", names)
    dataset = read_dataset(tmp_path / "hdtf")
    assert dataset.describe() == "hdtf (hdtf, folders of frames), split test, 3 clips, 2 people"
    assert [(c.file, c.person, c.frames) for c in dataset.clips[::2]] == [
        ("test/RD_Radio3_000.mp4", "RD_Radio3", 3),
        ("test/WRA_B1_000.mp4", "WRA_B", 3),
    ]


def test_without_a_split_the_clips_lie_in_the_folder(tmp_path):
    for clip in ("talk_001", "talk_002"):
        make_frames(tmp_path / "mine" / clip, ["1.png", "2.png"])
    (tmp_path / "mine" / "notes").mkdir()
    dataset = read_dataset(tmp_path / "mine")
    named = "mine (files, folders of frames), split all, 2 clips, people unknown, each clip counts"
    assert dataset.describe() == f"{named} as one"
    assert {clip.person for clip in dataset.clips} == {"talk_001", "talk_002"}
    assert {clip.person for clip in read_dataset(tmp_path / "mine", "hdtf").clips} == {"talk"}


def test_frames_count_by_their_numbers(tmp_path):
    make_frames(tmp_path / "clip", ["frame2.png", "frame10.png", "frame1.png", "cover.png"])
    assert count_frames(tmp_path / "clip") == 3
    assert frame_rate(tmp_path / "clip") == 25
    frames = load_frames(tmp_path / "clip", [2, 0])  # of frame1, frame2, frame10
    assert [frame[0, 0, 0] for frame in frames] == [10, 20]
    assert frames[0].shape == (256, 256, 3)
    with pytest.raises(InputError, match="frame 3 does not exist; found 3"):
        load_frames(tmp_path / "clip", [3])
    still = tmp_path / "clip" / "cover.png"
    assert count_frames(still) == 1 and load_frames(still, [0])[0].shape == (256, 256, 3)


def test_clips_of_one_split_and_their_frames(data):
    clips = read_clips(data)
    assert [(c.file, c.person, c.frames) for c in clips[:2]] == [
        ("clips/a0.mp4", "ann", 8),
        ("clips/a1.mp4", "ann", 8),
    ]
    assert len(clips) == 4
    last, first = load_frames(data / "clips/a0.mp4", [7, 0])
    assert first.shape == (256, 256, 3)
    assert (last.mean(2) > 128).sum() > (first.mean(2) > 128).sum() + 1000
    with pytest.raises(InputError, match="frame 8"):
        load_frames(data / "clips/a0.mp4", [8])


def test_what_is_no_data_set_is_named(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="holds no clips; give a folder with manifest"):
            read_dataset(folder)
    with pytest.raises(InputError, match=r"manifest\.csv does not exist"):
        read_dataset(tmp_path, "manifest")
    (tmp_path / "manifest.csv").write_text("file,split\nclips/x.mp4,train\n")
    with pytest.raises(InputError, match="val"):
        read_clips(tmp_path)
    (tmp_path / "manifest.csv").write_text("file,split\nclips/x.mp4,val\n")
    with pytest.raises(InputError, match=r"x\.mp4"):
        read_clips(tmp_path)
