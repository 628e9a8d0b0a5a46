"""Reports of one checkpoint, brought beside its weights: what the page's Results tab shows.

``ostnet collect CHECKPOINT OUTPUT...`` takes the output folders of ``ostnet evaluate`` and writes,
into the checkpoint's folder, ``metrics.json`` (the rows of the first three protocols),
``evaluation/report.json.gz`` (those of all others) and the plots that ``evaluation/findings.md``
shows. No picture of a face is copied: sheets stay where they are.
"""

import gzip
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from ostnet.errors import InputError
from ostnet.evaluation.report.tables import Row

HEADLINE = ("same-scale", "different-scale", "cross-identity")
"""Protocols whose rows stand in metrics.json."""

PICTURE = re.compile(r"!\[[^]]*\]\((?P<protocol>[a-z-]+)\.(?P<plot>\w+)\.png\)")
"""A plot in findings.md, such as ``![...](scale-sweep.ssim.png)``."""


def collect(checkpoint: Path, outputs: Sequence[Path]) -> None:
    """Merge the reports; a row of a later output replaces the same one of an earlier output.

    Raises:
        InputError: a report or a plot that findings.md names is missing, or the reports are of
            different checkpoints.
    """
    documents = [_read(output / "report.json") for output in outputs]
    names = {document["settings"]["checkpoint"] for document in documents}
    if len(names) > 1:
        raise InputError(f"outputs: of different checkpoints: {', '.join(sorted(names))}")
    rows: dict[tuple, Row] = {}
    for document in documents:
        for row in document["rows"]:
            names = ("dataset", "protocol", "condition", "method", "metric")
            rows[tuple(row.get(name) for name in names)] = row
    settings = documents[0]["settings"]
    headline = [row for row in rows.values() if row["protocol"] in HEADLINE]
    others = [row for row in rows.values() if row["protocol"] not in HEADLINE]
    folder = checkpoint / "evaluation"
    folder.mkdir(exist_ok=True)
    _write(checkpoint / "metrics.json", headline, settings)
    _write(folder / "report.json.gz", others, settings)
    _copy_plots(folder, outputs)


def _read(file: Path) -> dict:
    if not file.is_file():
        raise InputError(f"outputs: {file} does not exist; run ostnet evaluate first")
    return json.loads(file.read_text(encoding="utf-8"))


def _write(file: Path, rows: Sequence[Row], settings: dict) -> None:
    text = json.dumps({"rows": list(rows), "settings": settings}, indent=1, allow_nan=False) + "\n"
    data = text.encode()
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)


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
