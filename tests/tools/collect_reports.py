"""Bring the reports of one checkpoint beside its weights, where the page's Results tab reads them.

`python tests/tools/collect_reports.py CHECKPOINT OUTPUT...` takes output folders of ``ostnet
evaluate`` and writes into the checkpoint's folder: ``metrics.json`` (the rows of the first three
protocols), ``evaluation/report.json.gz`` (all other rows), and the plots that
``evaluation/findings.md`` shows. Sample sheets, which show faces, are not copied.
"""

import argparse
import gzip
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from ostnet.errors import InputError
from ostnet.exits import exit_code

HEADLINE = ("same-scale", "different-scale", "cross-identity")
"""Protocols whose rows are written to metrics.json."""

PICTURE = re.compile(r"!\[[^]]*\]\((?P<protocol>[a-z-]+)\.(?P<plot>\w+)\.png\)")
"""A plot in findings.md, such as ``![...](scale-sweep.ssim.png)``."""


def collect(checkpoint: Path, outputs: Sequence[Path]) -> None:
    """Merge the reports; a row of a later output replaces the same row of an earlier one.

    Raises:
        InputError: a report or a plot that findings.md names is missing, or the reports are of
            different checkpoints.
    """
    documents = [_read(output / "report.json") for output in outputs]
    names = {document["settings"]["checkpoint"] for document in documents}
    if len(names) > 1:
        raise InputError(f"outputs: of different checkpoints: {', '.join(sorted(names))}")
    key = ("dataset", "protocol", "condition", "method", "metric")
    rows = {
        tuple(row.get(name) for name in key): row
        for document in documents
        for row in document["rows"]
    }
    headline = [row for row in rows.values() if row["protocol"] in HEADLINE]
    others = [row for row in rows.values() if row["protocol"] not in HEADLINE]
    settings = documents[0]["settings"]
    folder = checkpoint / "evaluation"
    folder.mkdir(exist_ok=True)
    (checkpoint / "metrics.json").write_bytes(_document(headline, settings))
    packed = gzip.compress(_document(others, settings), mtime=0)
    (folder / "report.json.gz").write_bytes(packed)
    _copy_plots(folder, outputs)


def _read(file: Path) -> dict:
    if not file.is_file():
        raise InputError(f"outputs: {file} does not exist; run ostnet evaluate first")
    return json.loads(file.read_text(encoding="utf-8"))


def _document(rows: Sequence[dict], settings: dict) -> bytes:
    text = json.dumps({"rows": list(rows), "settings": settings}, indent=1, allow_nan=False)
    return (text + "\n").encode()


def _copy_plots(folder: Path, outputs: Sequence[Path]) -> None:
    findings = folder / "findings.md"
    if not findings.is_file():
        return
    for match in PICTURE.finditer(findings.read_text(encoding="utf-8")):
        protocol, plot = match["protocol"], match["plot"]
        found = [output / protocol / f"{plot}.png" for output in outputs]
        found = [file for file in found if file.is_file()]
        if not found:
            raise InputError(f"outputs: none holds {protocol}/{plot}.png, which findings.md shows")
        shutil.copyfile(found[-1], folder / f"{protocol}.{plot}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the weights")
    parser.add_argument("outputs", type=Path, nargs="+", help="output folders of ostnet evaluate")
    arguments = parser.parse_args()
    raise SystemExit(exit_code(lambda: collect(**vars(arguments))))
