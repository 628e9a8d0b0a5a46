"""A frame store on small folders made here: flat frames whose colour tells clip and frame."""

import csv
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ostnet.errors import InputError
from ostnet.landmarks import POINTS
from ostnet.training import frame_store
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore

FRAMES = 12
CLIPS = {"clips/anna_0.avi": "anna", "clips/anna_1.avi": "anna", "clips/ben_0.avi": "ben"}
STILLS = {"stills/cleo.png": "cleo", "stills/dora.png": "dora"}


def frame_colour(clip: int, frame: int) -> tuple[int, int, int]:
    """RGB of one frame: red tells the clip, green the frame."""
    return 60 * (clip + 1), 20 * frame, 100


def write_clip(path: Path, clip: int, side: int = 32, frames: int = FRAMES) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (side, side))
    for frame in range(frames):
        writer.write(np.full((side, side, 3), frame_colour(clip, frame)[::-1], np.uint8))
    writer.release()


def write_manifest(folder: Path, rows: list[dict]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two people with three clips, two stills; landmarks whose x tells the frame."""
    root = tmp_path / "data"
    (root / "clips").mkdir(parents=True)
    (root / "stills").mkdir()
    rows = []
    points = {}
    for number, (file, identity) in enumerate(CLIPS.items()):
        write_clip(root / file, number)
        rows.append({"file": file, "kind": "clip", "identity": identity, "frames": FRAMES})
        points[file] = np.full((FRAMES, 70, 2), number / 10, np.float16)
        points[file][..., 0] = np.arange(FRAMES)[:, None] / 100
    points["clips/anna_0.avi"][3] = np.nan  # no face found there
    del points["clips/ben_0.avi"]
    for number, (file, identity) in enumerate(STILLS.items()):
        cv2.imwrite(str(root / file), np.full((32, 32, 3), 250 - 30 * number, np.uint8))
        rows.append({"file": file, "kind": "still", "identity": identity, "frames": 1})
    write_manifest(root, [row | {"split": "train"} for row in rows])
    np.savez(root / "landmarks.npz", **points)
    return root


def open_store(folder: Path, split: str = "train", **settings) -> FrameStore:
    """A complete store with its cache beside the folder."""
    values = {"resolution": 32, "cache": str(folder.parent / "cache"), **settings}
    store = FrameStore(TrainConfig(data=str(folder), **values), split)
    store.wait()
    return store


def draw(store: FrameStore, batch: int, seed: int = 0):
    """Pairs drawn with a seed."""
    return store.sample(batch, torch.Generator().manual_seed(seed))


def colours(images: torch.Tensor) -> np.ndarray:
    """Mean RGB of pictures (B, 3, H, W), 0 to 255."""
    return images.mean((2, 3)).numpy() * 255


def test_a_pair_is_two_distinct_frames_of_one_clip_with_their_landmarks(folder):
    batch = draw(open_store(folder, still_share=0.0), 64)
    assert batch.source.shape == batch.driving.shape == (64, 3, 32, 32)
    assert (
        batch.source.dtype == torch.float32 and 0 <= batch.source.min() <= batch.source.max() <= 1
    )
    source, driving = colours(batch.source), colours(batch.driving)
    np.testing.assert_allclose(source[:, 0], driving[:, 0], atol=4)  # the same clip
    assert (np.abs(source[:, 1] - driving[:, 1]) > 10).all()  # another frame
    frame = np.round(source[:, 1] / 20)
    ben = source[:, 0] > 150
    missing = np.isnan(batch.source_landmarks[:, 0, 0].numpy())
    anna_0 = source[:, 0] < 90
    np.testing.assert_array_equal(missing, ben | (anna_0 & (frame == 3)))
    assert batch.source_landmarks.shape == (64, POINTS, 2)
    known = batch.source_landmarks[~missing, 0, 0].numpy()
    np.testing.assert_allclose(known, frame[~missing] / 100, atol=1e-3)


def test_people_are_drawn_evenly_however_many_clips_they_have(folder):
    batch = draw(open_store(folder, still_share=0.0), 2000)
    red = colours(batch.source)[:, 0]
    assert abs((red > 150).mean() - 0.5) < 0.05  # ben has one clip of the three
    assert abs((red < 90).mean() - 0.25) < 0.05


def test_stills_make_up_their_share_and_are_drawn_twice(folder):
    batch = draw(open_store(folder, still_share=0.3), 1000)
    assert abs(batch.is_still.float().mean() - 0.3) < 0.05
    assert torch.equal(batch.source[batch.is_still], batch.driving[batch.is_still])
    assert colours(batch.source)[batch.is_still.numpy(), 0].min() > 215


def test_frames_are_thinned_evenly_and_landmarks_follow(folder):
    store = open_store(folder, max_frames_per_clip=3, resolution=64)
    clip = next(clip for clip in store.clips if clip.file == "clips/anna_1.avi")
    images, points = store.gather(torch.arange(clip.start, clip.start + clip.length))
    assert images.shape == (3, 3, 64, 64)
    np.testing.assert_allclose(colours(images)[:, 1], [0, 20 * 6, 20 * 11], atol=4)
    np.testing.assert_allclose(points[:, 0, 0], [0, 0.06, 0.11], atol=1e-3)


def test_a_second_run_reads_the_cache_until_a_file_changes(folder, monkeypatch):
    decoded = []

    def counted(path, *rest):
        decoded.append(path.name)
        return read_frames(path, *rest)

    read_frames = frame_store.read_frames
    monkeypatch.setattr(frame_store, "read_frames", counted)
    first = open_store(folder)
    assert len(decoded) == 5
    second = open_store(folder)
    assert len(decoded) == 5
    assert torch.equal(first.frames, second.frames)
    write_clip(folder / "clips/ben_0.avi", clip=3, frames=8)
    changed = open_store(folder)
    clip = next(clip for clip in changed.clips if clip.identity == "ben")
    assert clip.length == 8  # shorter than the manifest says
    assert colours(changed.gather(torch.tensor([clip.start]))[0])[0, 0] > 230


def test_unreadable_files_are_listed_and_left_out(folder):
    (folder / "clips/ben_0.avi").write_bytes(b"not a video")
    cv2.imwrite(str(folder / "stills/dora.png"), np.zeros((20, 32, 3), np.uint8))
    store = open_store(folder)
    assert {clip.identity for clip in store.clips} == {"anna", "cleo"}
    skipped = dict(store.skipped)
    assert set(skipped) == {"clips/ben_0.avi", "stills/dora.png"}
    assert "32x20" in skipped["stills/dora.png"]


def test_clips_and_a_bare_manifest_are_enough(folder):
    (folder / "landmarks.npz").unlink()
    write_manifest(
        folder, [{"file": file, "kind": "clip", "split": "train"} for file in list(CLIPS)[:2]]
    )
    store = open_store(folder)
    assert [clip.length for clip in store.clips] == [FRAMES, FRAMES]
    batch = draw(store, 4)
    assert not batch.is_still.any() and batch.source_landmarks.isnan().all()


def test_people_can_be_left_out_with_their_clips_and_stills(folder):
    store = open_store(folder, leave_out=("anna", "dora"))
    assert [clip.file for clip in store.clips] == ["clips/ben_0.avi", "stills/cleo.png"]
    with pytest.raises(InputError, match=r"^leave_out: eve not found among the 4 people of split"):
        open_store(folder, leave_out=("anna", "eve"))


def test_a_folder_of_broken_clips_is_an_error_not_an_endless_wait(folder):
    for file in CLIPS:
        (folder / file).write_bytes(b"")
    with pytest.raises(InputError, match="none of the clips of split 'train' can be read"):
        open_store(folder)


@pytest.mark.parametrize(
    ("file", "content", "split", "message"),
    [
        ("manifest.csv", None, "train", r"no manifest\.csv found"),
        ("manifest.csv", b"name\nclips/anna_0.avi\n", "train", "missing file, kind, split"),
        ("manifest.csv", b"\xff\xfe\x00", "train", r"manifest\.csv is not CSV text"),
        ("landmarks.npz", b"no archive", "train", r"^landmarks .*: not an .npz archive"),
        ("stray.txt", b"", "test", r"split 'test'.*5 rows \(splits: train\)"),
    ],
)
def test_an_unusable_folder_is_an_error(folder, file, content, split, message):
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_store(folder, split)


def test_closing_ends_the_decoding_in_the_middle_of_a_file(folder, monkeypatch):
    begun = threading.Event()

    def endless(*_):
        while True:
            begun.set()
            yield np.zeros((32, 32, 3), np.uint8)

    monkeypatch.setattr(frame_store, "read_frames", endless)
    before = set(threading.enumerate())
    config = TrainConfig(data=str(folder), resolution=32, cache=str(folder.parent / "cache"))
    store = FrameStore(config)
    assert begun.wait(timeout=30)
    store.close()
    assert set(threading.enumerate()) <= before
    assert (store.clips, store.skipped) == ([], [])  # the next run decodes these files
