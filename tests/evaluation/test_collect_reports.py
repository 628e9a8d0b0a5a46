"""Reports brought beside the weights they are about."""

import gzip
import json

import pytest
from tools.collect_reports import collect

from ostnet import InputError


def output(folder, checkpoint="weights", **values):
    """An output of ``evaluate``: protocol -> value of one row."""
    folder.mkdir()
    rows = [
        {"protocol": name.replace("_", "-"), "method": "full", "metric": "l1", "value": value}
        for name, value in values.items()
    ]
    text = json.dumps({"rows": rows, "settings": {"checkpoint": checkpoint}})
    (folder / "report.json").write_text(text)
    return folder


def values(rows):
    return {row["protocol"]: row["value"] for row in rows}


def test_later_outputs_replace_rows_and_plots_come_along(tmp_path):
    first = output(tmp_path / "first", same_scale=0.1, scale_sweep=0.2)
    second = output(tmp_path / "second", same_scale=0.3)
    (first / "scale-sweep").mkdir()
    (first / "scale-sweep" / "ssim.png").write_bytes(b"curve")
    folder = tmp_path / "checkpoint" / "evaluation"
    folder.mkdir(parents=True)
    (folder / "findings.md").write_text("![SSIM over scale](scale-sweep.ssim.png)")

    collect(folder.parent, [first, second])

    headline = json.loads((folder.parent / "metrics.json").read_text())
    assert values(headline["rows"]) == {"same-scale": 0.3}
    others = json.loads(gzip.decompress((folder / "report.json.gz").read_bytes()))
    assert values(others["rows"]) == {"scale-sweep": 0.2}
    assert (folder / "scale-sweep.ssim.png").read_bytes() == b"curve"

    (folder / "findings.md").write_text("![](rotation.yaw.png)")
    with pytest.raises(InputError, match=r"none holds rotation/yaw\.png"):
        collect(folder.parent, [first])


def test_reports_of_two_checkpoints_do_not_mix(tmp_path):
    one = output(tmp_path / "one", same_scale=0.1)
    other = output(tmp_path / "other", "other weights", same_scale=0.1)
    with pytest.raises(InputError, match="different checkpoints: other weights, weights"):
        collect(tmp_path, [one, other])
