"""A small copy of a data folder can be trained on like the folder itself."""

import csv

import cv2
import numpy as np
import pytest
from tools.small_copy import small_copy

from ostnet.dataset.frames import read_frames
from ostnet.dataset.landmark_file import LandmarkFile
from ostnet.dataset.manifest import read_rows


@pytest.fixture
def data(tmp_path):
    """Three clips of 12 frames that become brighter, and two stills; one clip is split val."""
    root = tmp_path / "data"
    (root / "clips").mkdir(parents=True)
    rows, points = [], {}
    for number in range(3):
        file = f"clips/{number}.avi"
        writer = cv2.VideoWriter(str(root / file), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 64))
        for frame in range(12):
            writer.write(np.full((64, 64, 3), 20 * frame, np.uint8))
        writer.release()
        points[file] = np.arange(12).repeat(140).reshape(12, 70, 2)
        rows.append([file, "clip", "val" if number == 2 else "train", f"p{number}", 12])
    for number in range(2):
        cv2.imwrite(str(root / f"{number}.png"), np.zeros((64, 64, 3), np.uint8))
        rows.append([f"{number}.png", "still", "train", f"s{number}", 1])
    with (root / "manifest.csv").open("w", newline="") as text:
        csv.writer(text).writerows([["file", "kind", "split", "identity", "frames"], *rows])
    np.savez(root / "landmarks.npz", **points)
    return root


def test_the_first_frames_of_each_clip_with_their_landmarks(data, tmp_path):
    small_copy(data, tmp_path / "copy", stills_every=2, frames=5)

    rows = read_rows(tmp_path / "copy", "train")
    assert [(row.file, row.frames) for row in rows] == [
        ("clips/0.avi", 5), ("clips/1.avi", 5), ("0.png", 1),
    ]  # fmt: skip
    frames = list(read_frames(rows[0].path, np.arange(12), 64))
    np.testing.assert_allclose([f.mean() for f in frames], np.arange(5) * 20, atol=4)
    np.testing.assert_array_equal(
        LandmarkFile(tmp_path / "copy").read("clips/0.avi")[:, 0, 0], np.arange(5)
    )
    assert len(read_rows(tmp_path / "copy", "val")) == 1
