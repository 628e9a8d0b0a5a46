"""``ostnet compare`` on real files."""

import json

import numpy as np
import pytest

from ostnet.animation import VARIANTS
from ostnet.media.video import probe, read_frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory, portrait, clip, checkpoint):
    from ostnet.cli import main

    output = tmp_path_factory.mktemp("compare") / "deep" / "er"
    flags = ["--source", portrait, "--driving", clip, "--checkpoint", checkpoint]
    flags += ["--size", "256"]
    assert main(["compare", *map(str, flags), "--output", str(output)]) == 0
    return output


def test_every_file_is_there_and_nothing_else(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "full.mp4", "grid.mp4", "neither.mp4", "no_embedding.mp4", "no_transform.mp4",
        "rectified.mp4", "scale.png", "trace.json",
    ]  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == ["er"]


def test_all_videos_are_frame_locked(folder, clip):
    driving = probe(clip)
    for video in folder.glob("*.mp4"):
        made = probe(video)
        assert (made.frames, made.fps) == (driving.frames, driving.fps)
        assert made.audio


def test_the_trace_has_every_variant(folder):
    document = json.loads((folder / "trace.json").read_text())
    assert len(document["frames"]) == 13
    assert all(set(frame["variants"]) == set(VARIANTS) for frame in document["frames"])


def test_the_grid_shows_the_same_pictures(folder):
    """The four variants share the grid's second row."""
    grid = next(read_frames(folder / "grid.mp4")).astype(int)
    for column, name in enumerate(VARIANTS):
        alone = next(read_frames(folder / f"{name}.mp4")).astype(int)
        left = column * (256 + 4)
        assert np.abs(grid[-256:, left : left + 256] - alone).mean() < 4


def test_one_variant_is_what_animate_makes(folder, ostnet, portrait, clip, checkpoint, tmp_path):
    code, _, _ = ostnet(
        "animate", "--source", portrait, "--driving", clip, "--checkpoint", checkpoint,
        "--output", tmp_path / "o.mp4", "--no-scale-embedding", "--size", 256,
    )  # fmt: skip
    assert code == 0
    alone, together = read_frames(tmp_path / "o.mp4"), read_frames(folder / "no_embedding.mp4")
    assert np.array_equal(np.stack(list(alone)), np.stack(list(together)))
