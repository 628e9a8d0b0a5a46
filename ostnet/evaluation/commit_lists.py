"""The pair lists that come with the package, written anew from a folder of clips.

    python -m ostnet.evaluation.commit_lists DATA NAME

writes ``ostnet/evaluation/pair_lists/NAME/``: ``clips.csv`` (file, identity, frames) and, for each
protocol of LISTED, what ``ostnet evaluate`` draws by seed 0 without further options. Names and
numbers only; the clips themselves stay where they are. Protocols that are not listed pair the same
clips by rule alone.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from ostnet.errors import InputError
from ostnet.evaluation.clips import Clip
from ostnet.evaluation.config import EvaluateConfig
from ostnet.evaluation.datasets import read_dataset
from ostnet.evaluation.pair_list import COMMITTED
from ostnet.evaluation.pairs import Pair
from ostnet.evaluation.suite import SUITE

LISTED = ("same-scale", "different-scale", "cross-identity", "stability")
"""Protocols with a committed list."""


def drawn(protocol: str, clips: Sequence[Clip]) -> list[Pair]:
    """What ``evaluate`` draws from these clips by default."""
    config = EvaluateConfig(data=Path(), protocol=protocol, output=Path())
    return SUITE[protocol].pairs(clips, config, SUITE[protocol].frames)


def write_lists(folder: Path, clips: Sequence[Clip]) -> None:
    """Write clips.csv and the lists of one collection."""
    folder.mkdir(parents=True, exist_ok=True)
    table = [{"file": c.file, "identity": c.person, "frames": c.frames} for c in clips]
    _write(folder / "clips.csv", table)
    for protocol in LISTED:
        pairs = drawn(protocol, clips)
        columns = ["source", "driving", "frame"]
        if any((pair.s_x, pair.s_y) != (1, 1) for pair in pairs):
            columns += ["s_x", "s_y"]
        rows = [{column: getattr(pair, column) for column in columns} for pair in pairs]
        _write(folder / f"{protocol}.csv", rows)


def _write(path: Path, rows: Sequence[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(arguments: Sequence[str]) -> None:
    """The command of the module's docstring."""
    if len(arguments) != 2:
        raise InputError("arguments: expected a data folder and a name for its lists")
    write_lists(COMMITTED / arguments[1], read_dataset(Path(arguments[0])).clips)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
