"""Pair lists of this and of other projects, and those that come with the package."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, Dataset
from ostnet.evaluation.data.pair_list import (
    COMMITTED,
    committed_lists,
    list_of,
    read_pairs,
    write_pairs,
)
from ostnet.evaluation.data.pairs import PairOptions, draw_scales, draw_shifts, same_identity
from ostnet.evaluation.protocols import PROTOCOLS

VOX = ["id10281#ni6gO5jDLJE#003515#003915", "id10283#u3s9xdUlmmk#005241#006005"]
A, B = VOX


@pytest.fixture
def vox(tmp_path):
    """VoxCeleb1 as videos: the table of clips, no media."""
    clips = [Clip(f"test/{name}.mp4", name[:7], 400) for name in VOX]
    return Dataset(tmp_path, "voxceleb1", "test", clips)


@pytest.fixture
def hdtf(tmp_path):
    """HDTF as folders of frames, numbered from 1, with a still and another split beside them."""
    black = Image.fromarray(np.zeros((32, 32, 3), np.uint8))
    for clip in ("test/RD_Radio34_001.mp4", "train/WDA_A_000.mp4", "stills"):
        (tmp_path / clip).mkdir(parents=True)
    for n in range(1, 9):
        black.save(tmp_path / "test" / "RD_Radio34_001.mp4" / f"{n:06d}.jpg")
    black.save(tmp_path / "train" / "WDA_A_000.mp4" / "000001.jpg")
    black.save(tmp_path / "stills" / "0007.png")
    clips = [Clip("test/RD_Radio34_001.mp4", "RD_Radio34", 8)]
    return Dataset(tmp_path, "hdtf", "test", clips)


def read(dataset, text, per_clip=3, total=None):
    path = dataset.folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return read_pairs(path, dataset, per_clip, total)


def told(listed):
    return [(p.source, p.source_frame, p.driving, p.frame) for p in listed.pairs]


def test_a_written_list_reads_back(vox):
    pairs = draw_shifts(draw_scales(same_identity(vox.clips, per_clip=2), seed=0), 0, largest=9)
    path = vox.folder / "pairs.csv"
    write_pairs(path, pairs)
    listed = read_pairs(path, vox, per_clip=12)
    assert listed.pairs == pairs and listed.has_scales


@pytest.mark.parametrize(
    "name",
    [f"test/{B}.mp4", B, f"./{B}.mp4", f"/data/else/vox/test/{B}.mp4"],
)
def test_a_clip_by_any_of_its_names(vox, name):
    listed = read(vox, f"source,driving,frame\n{A}.mp4,{name},7\n")
    assert told(listed) == [(f"test/{A}.mp4", 0, f"test/{B}.mp4", 7)]
    assert listed.pairs[0].person == "id10281"
    assert not listed.has_scales


def test_dagans_list_names_pictures_of_another_machine(vox):
    folder = "/home/them/vox1_frames/test"
    listed = read(
        vox, f"source,driving,frame\r\n{folder}/{A}.mp4/0000013.png,{folder}/{B}.mp4/48.png\r\n"
    )
    assert told(listed) == [(f"test/{A}.mp4", 13, f"test/{B}.mp4", 48)]


@pytest.mark.parametrize("name", ["000002.png", "000002", "2.jpg"])
def test_a_frame_of_a_folder_counts_by_its_file(hdtf, name):
    clip = "test/RD_Radio34_001.mp4"
    listed = read(
        hdtf, f"source,driving,frame\nRD_Radio34_001/{name},RD_Radio34_001.mp4/000008.jpg,\n"
    )
    assert told(listed) == [(clip, 1, clip, 7)]


def test_a_picture_outside_the_clips_may_be_the_source(hdtf):
    still, frame = "stills/0007.png", "train/WDA_A_000.mp4/000001.jpg"
    names = [still, "stills/0007", f"else/{still}", frame]
    rows = "".join(f"{name},RD_Radio34_001.mp4,5\n" for name in names)
    listed = read(hdtf, f"source,driving,frame\n{rows}")
    driver = ("test/RD_Radio34_001.mp4", 5)
    assert told(listed) == [(file, 0, *driver) for file in (still, still, still, frame)]
    assert [pair.person for pair in listed.pairs] == [still, still, still, "WDA_A"]


def test_first_order_models_list_pairs_whole_videos(vox):
    text = f"distance,source,driving,frame\n3.54,{A}.mp4,{B}.mp4,0\n2.86,{B}.mp4,{A}.mp4,0\n"
    listed = read(vox, text)
    assert [pair.frame for pair in listed.pairs] == [133, 266, 399] * 2
    assert [pair.person for pair in listed.pairs] == ["id10281"] * 3 + ["id10283"] * 3
    assert len(read(vox, text, total=9).pairs) == 9
    # DaGAN's vox256.csv is the same without distances, its zeros with a point
    assert read(vox, f"source,driving,frame\n{A}.mp4,{B}.mp4,0.0\n").pairs == listed.pairs[:3]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("source,frame\n{A},7\n", r"lacks the columns \['driving'\]"),
        ("source,driving,frame\n", "holds no pairs"),
        ("source,driving,frame\n{A},{B},seven\n", "not a number"),
        ("source,driving,frame\n{A},{B},nan\n", "not a number"),
        ("source,driving,frame\n{A},{B},400\n", "row 1 of .* frame 400 of test/id10283.* has 400"),
        (
            "source,driving,frame\n{A},{B},1\n{A},gone.mp4,7\n",
            "names 1 clips.*the first is 'gone.mp4'",
        ),
        ("source,driving,frame\n{A}/x.png,{B},7\n", "does not have; the first is 'id10281"),
        ("source,driving,frame\n{A}/0000400.png,{B},7\n", "does not have"),
        ("source,driving,frame\n../{A}.mp4,{B},7\n", "does not have; the first is '../"),
        ("source,driving,frame\n,{B},7\n", "does not have; the first is ''"),
        ("source,driving,frame\n{A}\n", "does not have; the first is ''"),
    ],
)
def test_what_a_list_lacks_is_named(vox, text, named):
    with pytest.raises(InputError, match=named):
        read(vox, text.replace("{A}", A).replace("{B}", B))


def test_an_ambiguous_name_is_refused(tmp_path):
    clips = [Clip(f"{who}/talk.mp4", who, 9) for who in ("ann", "bob")]
    dataset = Dataset(tmp_path, "manifest", "val", clips)
    listed = read(dataset, "source,driving,frame\nann/talk.mp4,bob/talk.mp4,1\n")
    assert told(listed) == [("ann/talk.mp4", 0, "bob/talk.mp4", 1)]
    with pytest.raises(InputError, match="may mean any of ann/talk.mp4, bob/talk.mp4"):
        read(dataset, "source,driving,frame\ntalk.mp4,bob/talk.mp4,1\n")


@pytest.mark.parametrize(
    "protocol", ["same-scale", "different-scale", "cross-identity", "stability"]
)
def test_a_committed_list_is_what_seed_0_draws(protocol):
    (name,) = committed_lists()
    with (COMMITTED / name / "clips.csv").open(newline="", encoding="utf-8") as file:
        clips = [Clip(r["file"], r["identity"], int(r["frames"])) for r in csv.DictReader(file)]
    dataset = Dataset(COMMITTED / name, "manifest", "val", clips)
    listed = read_pairs(list_of(Path(name), protocol, PROTOCOLS), dataset, per_clip=12)
    drawn = PROTOCOLS[protocol].pairs(dataset.clips, PairOptions(), PROTOCOLS[protocol].frames)
    assert listed.pairs == drawn


def test_a_list_by_protocol_by_folder_and_by_file(tmp_path):
    assert (
        list_of(Path("demo-clips-val"), "rotation", PROTOCOLS) is None
    )  # drawn: its pairs are a rule
    (tmp_path / "rotation.csv").write_text("source,driving,frame\na,b,1\n")
    assert list_of(tmp_path, "rotation", PROTOCOLS) == tmp_path / "rotation.csv"
    assert list_of(tmp_path / "rotation.csv", "stability", PROTOCOLS) == tmp_path / "rotation.csv"
    with pytest.raises(InputError, match="none.csv does not exist.*demo-clips-val"):
        list_of(tmp_path / "none.csv", "rotation", PROTOCOLS)


def test_a_number_of_pairs_does_not_shorten_a_list_of_frames(vox):
    with pytest.warns(UserWarning, match="pairs: has no effect, since list.csv lists 2 pairs"):
        listed = read(vox, f"source,driving,frame\n{A},{B},7\n{A},{B},9\n", total=1)
    assert len(listed.pairs) == 2
