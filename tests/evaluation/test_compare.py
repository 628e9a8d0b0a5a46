"""Two checkpoints side by side on the same pairs."""

import numpy as np
import pytest
import torch

from ostnet.errors import InputError
from ostnet.evaluation import evaluate_checkpoint
from ostnet.evaluation.checkpoint_comparison import _pooled
from ostnet.evaluation.metrics.definitions import OPENINGS
from ostnet.evaluation.metrics.statistics import whole
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.report.group_store import read_records
from ostnet.flags import Parser, parse
from ostnet.model.ostnet import OSTNet

pytestmark = pytest.mark.usefixtures("known_faces")


@pytest.fixture
def other_checkpoint(model, tmp_path):
    torch.manual_seed(1)
    OSTNet(model.config).save_pretrained(tmp_path / "other")
    return str(tmp_path / "other")


def test_differences_are_those_of_the_frames(data, checkpoint, other_checkpoint, tmp_path):
    rows = evaluate_checkpoint.evaluate(
        EvaluateConfig(
            data,
            "same-scale",
            tmp_path / "out",
            compare=(str(checkpoint), str(other_checkpoint)),
            pairs=8,
            methods="full",
        )
    )
    found = {(row["checkpoint"], row["metric"]): row for row in rows}
    first, second = dict.fromkeys(row["checkpoint"] for row in rows)
    assert "difference" not in found[first, "l1"]
    row = found[second, "l1"]
    l1 = [
        np.array([r["l1"] for r in read_records(tmp_path / "out" / c / "same-scale/frames.csv")])
        for c in (first, second)
    ]
    assert row["difference"] == pytest.approx((l1[1] - l1[0]).mean())
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]
    assert second in (tmp_path / "out" / "report.md").read_text()


def test_slopes_differ_over_the_frames_that_both_have():
    truth, both = np.random.default_rng(0).normal(size=12), []
    for i in range(12):
        head = {"person": "ab"[i // 6], "source": i // 6, "driving": i // 6}
        one = head | {"mouth_driver": truth[i], "mouth_output": 0.6 * truth[i] + i // 6}
        both.append((one, head | {"mouth_output": 0.2 * truth[i] - 3}))
    both[4][1]["mouth_output"] = np.nan  # a face lost by one of them
    statistic, values, people = _pooled(OPENINGS[0], both)
    assert whole(statistic, values) == pytest.approx(0.4)
    assert len(values) == len(people) == 11


def test_checkpoints_are_named_with_blanks_or_commas():
    for words in (["--compare", "a", "b"], ["--compare", "a,b"]):
        flags = ["--data", "d", "--protocol", "all", "--output", "o", *words]
        assert parse(Parser("evaluate", ""), EvaluateConfig, flags).compare == ("a", "b")


def test_what_is_not_set_side_by_side_is_told(data, checkpoint, other_checkpoint, tmp_path):
    both = (str(checkpoint), str(other_checkpoint))
    config = EvaluateConfig(data, "stability", tmp_path, compare=both, frames=2, methods="full")
    assert evaluate_checkpoint.evaluate(config) == []
    assert "own reports: stability" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    "options", [{"methods": "neither"}, {"checkpoint": "a"}, {"compare": ("a",)}]
)
def test_a_comparison_needs_full_and_two_checkpoints(data, checkpoint, tmp_path, options):
    options = {"compare": (checkpoint, checkpoint)} | options
    with pytest.raises(InputError, match="compare"):
        evaluate_checkpoint.evaluate(EvaluateConfig(data, "same-scale", tmp_path, **options))
