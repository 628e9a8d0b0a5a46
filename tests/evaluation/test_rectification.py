"""Oracle fiducials give the ground truth back wherever the scaled frame still shows it."""

import numpy as np
import pytest
import torch
from procedural_face import FaceParams, render

from ostnet.evaluation.data.clips import read_clips
from ostnet.evaluation.method_pictures import augment
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols import rectification
from ostnet.evaluation.protocols.protocol import Context
from ostnet.model.scale import FIDUCIALS

SCALES = [(0.7, 0.7), (1.0, 1.0), (1.3, 1.3), (0.7, 1.3), (2.0, 1.0)]


@pytest.fixture(scope="module")
def face():
    return render(FaceParams(yaw=0.2, mouth_open=0.4), size=256)[0]


@pytest.fixture(scope="module")
def columns(model, face):
    """Method -> one row of columns per scale of SCALES."""
    driving = augment([face] * len(SCALES), SCALES)
    fiducials = rectification.aligned(model, face, driving, SCALES)
    found = {}
    for name, points in fiducials.items():
        images = rectification.rectified(model, driving, points)
        grids = rectification.sampling_grid(points, 256, 256)
        found[name] = [
            rectification.visible_columns(face, image, np.array(s))
            | rectification.grid_columns(grid, np.array(s))
            for image, grid, s in zip(images, grids, SCALES, strict=True)
        ]
    return found


def test_oracle_fiducials_give_the_truth_back(columns):
    for row in columns["oracle"]:
        assert row["ssim_visible"] > 0.95 and row["l1_visible"] < 0.01
        assert row["grid_error"] < 1e-3 and row["grid_shift"] < 1e-3 and row["grid_bend"] < 1e-3
    assert columns["oracle"][1]["ssim_visible"] == pytest.approx(1)


def test_leaving_the_frame_alone_does_not(columns):
    for row, scale in zip(columns["no_transform"], SCALES, strict=True):
        same = scale == (1.0, 1.0)
        assert (row["ssim_visible"] > 0.99) == same
        assert (row["grid_error"] < 1e-3) == same


def test_only_what_the_scaled_frame_shows_counts():
    assert rectification.visible_pixels(256, 256, np.array([0.5, 1.0])).all()
    shown = rectification.visible_pixels(256, 256, np.array([2.0, 1.0]))
    assert shown[:, 64:192].all() and not shown[:, :63].any() and not shown[:, 193:].any()


def test_shift_and_bend_are_told_apart():
    s = np.array([0.8, 1.2])
    base = FIDUCIALS * torch.tensor(s)
    moved = base + torch.tensor([0.8 * 2 / 127.5, 0.0])  # two pixels of the truth
    bent = base + 0.1 * base.square()
    grids = rectification.sampling_grid(torch.stack([moved, bent]), 256, 256)
    shifted, curved = (rectification.grid_columns(grid, s) for grid in grids)
    assert shifted["grid_shift"] == pytest.approx(2, abs=1e-6)
    assert shifted["grid_error"] == pytest.approx(2, abs=1e-6)
    assert shifted["grid_bend"] == pytest.approx(0, abs=1e-6)
    assert curved["grid_bend"] > 1


def test_records_and_strip(data, model, reader):
    config = EvaluateConfig(data, "rectification", data / "out")
    pairs = rectification.Rectification().pairs(read_clips(data)[:1], config, 1)
    kept = [p for p in pairs if (p.s_x, p.s_y) in ((0.7, 0.7), (1.0, 1.0))]
    result = rectification.Rectification().measure(Context(data, model, {}, [], reader), kept)
    conditions = {record["condition"] for record in result.records}
    assert conditions == {
        "same frame both 0.7", "same frame both 1", "later frame both 0.7", "later frame both 1",
    }  # fmt: skip
    for record in result.records:
        error = 0 if record["method"] == "oracle" else abs(np.log(record["s_x"]))
        if record["method"] != "closed_form":
            assert record["module_scale_error_x"] == pytest.approx(error, abs=1e-4)
    heights = {picture.shape[0] for picture in result.strip.values()}
    assert heights == {2 * rectification.SHOWN_SIDE}
