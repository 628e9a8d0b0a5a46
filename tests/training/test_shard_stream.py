"""A stream of shards made here: flat frames whose colour tells clip and frame."""

import io
import json
import tarfile
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ostnet.dataset.shards import find_shards, read_shard, unpack
from ostnet.errors import InputError
from ostnet.landmarks import POINTS
from ostnet.training.config import TrainConfig
from ostnet.training.shard_stream import BufferedClip, ShardStream, ShuffleBuffer

FRAMES = 10
PEOPLE = ("anna", "anna", "anna", "ben", "cleo", "dora")
"""Owners of the clips, in order; two clips a shard."""


def video(path: Path, red: int) -> bytes:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (32, 32))
    for frame in range(FRAMES):
        writer.write(np.full((32, 32, 3), (100, 20 * frame, red), np.uint8))
    writer.release()
    return path.read_bytes()


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three shards of two clips each, landmarks of the first clip, no manifest and no clips/."""
    root = tmp_path_factory.mktemp("shards")
    (root / "shards").mkdir()
    for shard in range(3):
        with tarfile.open(root / f"shards/train-{shard:06d}.tar", "w") as archive:
            for clip in (2 * shard, 2 * shard + 1):
                about = {"file": f"clips/{clip}.mp4", "identity": PEOPLE[clip], "kind": "clip"}
                about |= {"split": "train", "frames": FRAMES}
                add(archive, f"{clip:06d}.avi", video(root / "clip.avi", 40 * clip))
                add(archive, f"{clip:06d}.json", json.dumps(about).encode())
    points = np.zeros((FRAMES, 70, 2), np.float16)
    points[..., 0] = np.arange(FRAMES)[:, None] / 100
    np.savez(root / "landmarks.npz", **{"clips/0.mp4": points})
    return root


def open_stream(folder: Path, rank: int = 0, count: int = 1, **settings) -> ShardStream:
    values = {"resolution": 32, "stream_pool": 6, "stream_frames": 4, "stream_uses": 4}
    config = TrainConfig(data=str(folder), **{**values, "workers": 1, **settings})
    return ShardStream(config, rank=rank, count=count)


def draw(stream: ShardStream, batch: int, seed: int = 0):
    return stream.sample(batch, torch.Generator().manual_seed(seed))


def clips_of(images: torch.Tensor) -> np.ndarray:
    """Numbers of the clips that pictures come from."""
    return np.round(images[:, 0].mean((1, 2)).numpy() * 255 / 40).astype(int)


def test_a_pair_is_two_frames_of_one_clip_with_its_landmarks_where_known(folder):
    batch = draw(open_stream(folder), 40)
    assert batch.source.shape == (40, 3, 32, 32) and batch.source.dtype == torch.float32
    clips = clips_of(batch.source)
    np.testing.assert_array_equal(clips, clips_of(batch.driving))
    green = [image[:, 1].mean((1, 2)).numpy() * 255 for image in (batch.source, batch.driving)]
    assert (np.abs(green[0] - green[1]) > 10).all()  # another frame
    assert batch.source_landmarks.shape == (40, POINTS, 2)
    known = ~batch.source_landmarks[:, 0, 0].isnan().numpy()
    np.testing.assert_array_equal(known, clips == 0)
    x = batch.source_landmarks[:, 0, 0].numpy()[known]
    np.testing.assert_allclose(x, np.round(green[0][known] / 20) / 100, atol=1e-3)


def test_memory_is_bounded_and_the_stream_goes_through_everything_again_and_again(folder):
    stream = open_stream(folder, stream_pool=3)
    seen = np.concatenate([clips_of(draw(stream, 8, seed).source) for seed in range(20)])
    assert set(seen) == set(range(6))
    assert len(stream._buffer) <= 3


def test_draws_repeat_with_the_seed(folder):
    first, second = (draw(open_stream(folder, seed=3, workers=2), 30) for _ in range(2))
    assert torch.equal(first.source, second.source) and torch.equal(first.driving, second.driving)
    other = draw(open_stream(folder, seed=4, workers=2), 30)
    assert not torch.equal(first.source, other.source)


@pytest.mark.parametrize("workers", [1, 3])
def test_processes_share_the_clips_without_overlap(folder, workers):
    """Also where readers outnumber shards; one pass over all slots sees every clip once."""
    files = []
    for rank in range(2):
        stream = open_stream(folder, rank=rank, count=2, workers=workers)
        slots = range(rank * workers, (rank + 1) * workers)
        files += [sample.file for slot in slots for sample in stream._samples(slot, epoch=0)]
        stream.close()
    assert sorted(files) == [f"clips/{clip}.mp4" for clip in range(6)]


def test_closing_ends_readers_that_wait_for_room(folder):
    before = set(threading.enumerate())
    stream = open_stream(folder, workers=3)
    stream.wait()
    stream.close()
    assert set(threading.enumerate()) <= before


def clip_of(person: str) -> BufferedClip:
    return BufferedClip(person, False, np.zeros((2, 3, 8, 8), np.uint8), np.zeros((2, 1, 2)))


def test_people_are_drawn_evenly_within_the_buffer():
    buffer = ShuffleBuffer(uses=10**6)
    for person in ("anna", "anna", "anna", "ben"):
        buffer.add(clip_of(person))
    u = np.random.default_rng(0).random((1000, 2))
    drawn = [buffer.draw(a, b, still=True, keep=False).identity for a, b in u]
    assert abs(drawn.count("ben") / 1000 - 0.5) < 0.05


def test_a_used_up_clip_is_removed_unless_it_is_the_last():
    buffer = ShuffleBuffer(uses=2)
    for person in ("anna", "ben"):
        buffer.add(clip_of(person))
    buffer.draw(0.0, 0.0, still=False, keep=True)
    assert [buffer.draw(0.0, 0.0, still=False, keep=False).identity for _ in range(4)] == [
        "anna", "anna", "ben", "ben",
    ]  # fmt: skip
    assert len(buffer) == 1


def test_what_cannot_be_read_is_listed_and_left_out(folder, tmp_path):
    (tmp_path / "shards").mkdir()
    whole = (folder / "shards/train-000000.tar").read_bytes()
    (tmp_path / "shards/train-000000.tar").write_bytes(whole)
    (tmp_path / "shards/train-000001.tar").write_bytes(b"not a tar file" * 100)
    with tarfile.open(tmp_path / "shards/train-000002.tar", "w") as archive:
        add(archive, "a.mp4", b"not a video")
        add(archive, "a.json", b'{"kind": "clip", "frames": 9}')
        add(archive, "b.json", b"not json")
        add(archive, "b.mp4", b"")
    stream = open_stream(tmp_path)
    assert set(clips_of(draw(stream, 30).source)) == {0, 1}
    skipped = dict(stream.skipped)
    assert {"train-000001.tar", "a"} <= set(skipped) and "OpenCV" in skipped["a"]


def test_people_can_be_left_out_if_the_manifest_has_them(folder, tmp_path):
    (tmp_path / "shards").symlink_to(folder / "shards")
    with pytest.raises(InputError, match=r"no manifest\.csv found"):
        open_stream(tmp_path, leave_out=("anna",))
    rows = "".join(f"clips/{i}.mp4,clip,train,{who}\n" for i, who in enumerate(PEOPLE))
    (tmp_path / "manifest.csv").write_text(f"file,kind,split,identity\n{rows}")
    stream = open_stream(tmp_path, leave_out=("anna", "cleo"))
    assert set(clips_of(draw(stream, 30).source)) == {3, 5}
    with pytest.raises(InputError, match="^leave_out: eve not found among the 4 people"):
        open_stream(tmp_path, leave_out=("eve",))


def test_a_folder_without_readable_shards_is_an_error_not_an_endless_wait(tmp_path):
    with pytest.raises(InputError, match=r"no shard shards/train-\*\.tar found"):
        find_shards(tmp_path, "train")
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/train-000000.tar").write_bytes(b"")
    with pytest.raises(InputError, match="no sample of the 1 shards .* can be read"):
        draw(open_stream(tmp_path), 2)


def test_shards_can_be_unpacked_into_a_folder_of_files(folder, tmp_path):
    unpack(folder, "train", 3, tmp_path / "files")
    rows = (tmp_path / "files" / "manifest.csv").read_text().splitlines()
    assert len(rows) == 4 and rows[1].split(",")[1:] == ["clip", "train", "anna", str(FRAMES)]
    samples = list(read_shard(folder / "shards/train-000000.tar"))
    assert (tmp_path / "files" / "00000.avi").read_bytes() == samples[0].media
