"""log.csv, the curves drawn from it, and trackers."""

import csv
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.training.parallel import Processes
from ostnet.training.report import (
    COLUMNS,
    Journal,
    Meter,
    Tracker,
    draw_curves,
    make_tracker,
    read_log,
)


def journal_of(folder: Path, updates: list[int], resumed: int = 0) -> Journal:
    """A journal with one row for each of these update counts."""
    meter, journal = Meter(Processes("cpu")), Journal(folder, Tracker(), resumed)
    for update in updates:
        meter.restart(10.0)
        losses = {"loss": torch.tensor(6.0 / update), "perceptual": torch.tensor(0.5)}
        meter.add(losses, pairs=16, waited=0.5)
        meter.add(losses, pairs=16, waited=0.5)
        row = {"stage": "joint", "step": update, "updates": update, "pairs": 16 * update}
        row |= {"skipped": 0, "seconds": 1.0, "learning rate": 2e-4, **meter.read(14.0)}
        journal.progress(row, 0.5)
    return journal


def test_the_log_has_a_row_for_every_reading_with_every_column(tmp_path, caplog):
    caplog.set_level(logging.INFO, "ostnet.training")
    journal_of(tmp_path, [1, 2])
    with (tmp_path / "log.csv").open() as text:
        rows = list(csv.DictReader(text))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[1]["loss"], rows[1]["pairs"], rows[1]["pixel"]) == ("3", "32", "")
    assert float(rows[1]["pairs/s"]) == 8 and float(rows[1]["waiting"]) == 0.25
    assert "8.0 pairs/s  waiting 25%  skipped 0  loss 3.0000" in caplog.text


def test_rows_after_the_checkpoint_that_is_resumed_are_dropped(tmp_path):
    journal_of(tmp_path, [1, 2, 3])
    journal_of(tmp_path, [3, 4], resumed=2)
    assert [row["updates"] for row in read_log(tmp_path)] == [1, 2, 3, 4]


def test_curves_of_two_runs_are_one_picture(tmp_path):
    for name in ("a", "b"):
        journal_of(tmp_path / name, [1, 2, 3])
    draw_curves({name: read_log(tmp_path / name) for name in "ab"}, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 1000 and len(picture.convert("L").getcolors()) > 20
    with pytest.raises(InputError, match="no log.csv found"):
        read_log(tmp_path / "c")


def picture(folder: Path) -> Path:
    Image.fromarray(np.full((8, 12, 3), 200, np.uint8)).save(folder / "samples.png")
    return folder / "samples.png"


def test_tensorboard_gets_numbers_and_sample_grids(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracker = make_tracker("tensorboard", tmp_path, {"batch": 16})
    journal = Journal(tmp_path, tracker, 0)
    journal.validation(7, {"step": 7, "L1 full same": 0.25}, picture(tmp_path))
    tracker.numbers(8, {"train/loss": 3.0})
    tracker.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (loss,), (value,) = events.Scalars("train/loss"), events.Scalars("val/L1 full same")
    assert (loss.step, loss.value, value.step, value.value) == (8, 3.0, 7, 0.25)
    (grid,) = events.Images("samples")
    assert (grid.step, grid.width, grid.height) == (7, 12, 8)


def test_trackio_gets_the_same(tmp_path, monkeypatch):
    """Against a stand-in with trackio's calls."""
    calls = []
    stand_in = SimpleNamespace(
        init=lambda **options: calls.append(("init", options["name"], options["config"])),
        log=lambda values, step: calls.append((step, values)),
        Image=lambda path: f"picture {path}",
        finish=lambda: calls.append("finish"),
    )
    monkeypatch.setitem(sys.modules, "trackio", stand_in)
    tracker = make_tracker("trackio", tmp_path / "run", {"batch": 16})
    tracker.numbers(3, {"train/loss": 1.0})
    tracker.picture(3, "samples", Path("x.png"))
    tracker.close()
    assert calls == [
        ("init", "run", {"batch": 16}),
        (3, {"train/loss": 1.0}),
        (3, {"samples": "picture x.png"}),
        "finish",
    ]


def test_a_tracker_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(InputError, match=r"trackio is not installed; pip install ostnet\[track\]"):
        make_tracker("trackio", tmp_path, {})
    assert type(make_tracker("none", tmp_path, {})) is Tracker


def test_a_folder_without_a_log_is_an_error_of_one_line(tmp_path, capsys):
    assert main(["curves", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ostnet: error: run ") and error.count("\n") == 1
