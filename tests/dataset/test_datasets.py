"""Miniatures of VoxCeleb1 and HDTF, from their authors' lists to the readers of training."""

import csv

import pytest

from ostnet.dataset.prepare.preparation import prepare
from ostnet.evaluation.data.clips import read_clips
from ostnet.media.detector_dlib import DlibDetector
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore

HEAD = "Identity  : \t{}\nReference : \t{}\nOffset    : \t0\n\nFRAME \tX \tY \tW \tH \n"


SEED = 2
"""Seed of a split with people in train and in val."""


def rows(config) -> list[dict[str, str]]:
    with (config.output / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def assert_readable(config, cache, train: int, val: int) -> None:
    """Training and evaluation find so many clips."""
    settings = {"data": str(config.output), "cache": str(cache)}
    store = FrameStore(TrainConfig(**settings, resolution=64, workers=1))
    store.wait()
    assert (len(store.clips), store.skipped) == (train, [])
    assert len(read_clips(config.output)) == val


@pytest.fixture
def talks(film, tmp_path):
    """Two videos of 3 seconds: ann with a pause in the middle, and bob."""
    folder = tmp_path / "videos"
    film(folder / "aaa-AAA_111.mp4",
         (30, {"ann": (20, 40)}), (15, {}), (30, {"ann": (200, 220)}))  # fmt: skip
    film(folder / "bbb-BBB_222.mp4", (75, {"bob": (100, 120)}))
    return folder


def test_tracks_of_voxceleb1(talks, settings, tmp_path, monkeypatch):
    """Boxes at 360 lines of films of 240: no face is looked for."""

    def track(person, video, name, first, last, box):
        path = tmp_path / "txt" / person / video / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        line = "\t".join(str(value * 1.5) for value in box)
        table = "".join(f"{frame:06d} \t{line}\n" for frame in range(first, last + 1))
        path.write_text(HEAD.format(person, video) + table)

    track("id10001", "aaa-AAA_111", "00001", 2, 27, (70, 80, 80, 80))
    track("id10001", "aaa-AAA_111", "00002", 45, 74, (250, 80, 80, 80))
    track("id10004", "bbb-BBB_222", "00001", 10, 50, (150, 80, 80, 80))
    track("id10001", "gone", "00001", 10, 50, (150, 80, 80, 80))
    config = settings(talks, annotations=tmp_path / "txt", seed=SEED)
    monkeypatch.setattr(DlibDetector, "detect", lambda *_: pytest.fail("not needed"))
    summary = prepare(config)
    found = rows(config)
    assert [(r["identity"], r["start"], r["end"], int(r["frames"])) for r in found] == [
        ("id10001", "0.08", "1.12", 26),
        ("id10001", "1.8", "3.0", 30),
        ("id10004", "0.4", "2.04", 41),
    ]
    assert [int(found[0][name]) for name in ("left", "top", "side")] == [36, 46, 148]
    assert 'gone,,,"annotated' in (config.output / "skipped.csv").read_text()
    assert_readable(config, tmp_path / "cache", summary.clips["train"], summary.clips["val"])


def test_boxes_of_the_lineage(talks, settings, tmp_path):
    """A box of the metadata is the square's middle and longer side; sizes may differ."""
    csv_file = tmp_path / "vox-metadata.csv"
    csv_file.write_text(
        "video_id,start,end,bbox,fps,width,height,partition,person_id\n"
        "aaa-AAA_111,0,28,60-90-300-390,25,800,480,train,id10001\n"
        "bbb-BBB_222,0,70,240-120-560-420,25,800,480,train,id10004\n"
        "bbb-BBB_222,5000,5100,240-120-560-420,25,800,480,train,id10004\n"
    )
    config = settings(talks, annotations=csv_file, seed=SEED)
    summary = prepare(config)
    ann, bob = rows(config)
    assert [int(ann[name]) for name in ("left", "top", "side")] == [15, 45, 150]
    assert [int(bob[name]) for name in ("left", "top", "side")] == [120, 55, 160]
    assert (ann["frames"], bob["frames"]) == ("28", "70")
    assert float(ann["lost"]) < 0.2 and float(ann["face"]) > 60
    assert "no frame from second 200.00" in (config.output / "skipped.csv").read_text()
    assert_readable(config, tmp_path / "cache", summary.clips["train"], summary.clips["val"])


def test_lists_of_hdtf(talks, settings, tmp_path):
    """The second clip has no square in the lists: its face is looked for."""
    folder = tmp_path / "HDTF_dataset"
    folder.mkdir()
    lists = {
        "WDA_annotion_time": "AnnSmith0.mp4 00:00-00:01 00:02-00:03\nBobJones.mp4 00:01-00:03\n",
        "WDA_crop_wh": "AnnSmith0_0.mp4 60 480 120 480\nBobJones_0.mp4 250 480 90 480\n",
        "WDA_resolution": "AnnSmith0.mp4 720\nBobJones.mp4 720\n",
        "WDA_video_url": "AnnSmith0 https://www.youtube.com/watch?v=aaa-AAA_111\n",
    }
    for name, text in lists.items():
        (folder / f"{name}.txt").write_text(text)
    (talks / "bbb-BBB_222.mp4").rename(talks / "WDA_BobJones.mp4")
    config = settings(talks, annotations=folder, seed=SEED)
    summary = prepare(config)
    bob, given, sought = rows(config)
    assert [int(given[name]) for name in ("left", "top", "side")] == [20, 40, 160]
    assert (given["identity"], given["frames"], sought["frames"]) == ("AnnSmith", "25", "25")
    assert int(sought["left"]) > 150
    assert (bob["identity"], bob["frames"], bob["side"]) == ("BobJones", "50", "160")
    assert_readable(config, tmp_path / "cache", summary.clips["train"], summary.clips["val"])
