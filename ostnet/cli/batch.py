"""``ostnet batch``: many videos from a table of jobs, or from a folder."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostnet.cli import COMMANDS
from ostnet.cli.animate import add_options, given, network_of, options_of
from ostnet.cli.values import driving_clip, existing_file
from ostnet.errors import InputError
from ostnet.flags import Parser, add_flags, path_of
from ostnet.options import AnimateOptions, NetworkOptions

if TYPE_CHECKING:
    from ostnet.batch.job import Job
    from ostnet.batch.job_list import Row


def batch(argv: list[str]) -> None:
    """Read the jobs and make their videos."""
    from ostnet.batch.job_list import read_rows
    from ostnet.batch.ledger import MANIFEST
    from ostnet.batch.run import BatchConfig, complain, run
    from ostnet.media.signing import check_signer

    parser = Parser("ostnet batch", COMMANDS["batch"])
    parser.add_argument(
        "jobs",
        type=path_of,
        metavar="JOBS.csv|JOBS.jsonl|FOLDER",
        help="a table, or a folder: every portrait in it with every clip. A table has the columns "
        "name, source and driving. It may also have a column for each option below from "
        "scale-transform on (true or false for a switch); its values take precedence over flags",
    )
    add_flags(parser, BatchConfig)
    add_options(parser)
    arguments = parser.parse_args(argv)
    config = BatchConfig(**given(arguments, BatchConfig))
    check_signer()
    rows = read_rows(arguments.jobs, leave_out=config.output)
    jobs, refused = _jobs(rows, arguments)
    summary = run(jobs, config, refused)
    said = f", {summary.warned} with a warning" if summary.warned else ""
    print(f"{summary.made} made{said}, {summary.kept} done before, {summary.failed} failed")
    print(f"wrote {config.output / MANIFEST}")
    complain(summary, config.output)


def _jobs(rows: "list[Row]", common: Namespace) -> "tuple[list[Job], dict[str, str]]":
    """Return the jobs, and for each row that is no valid job its name and the reason.

    Raises:
        InputError: a column that is no option.
    """
    for column in dict.fromkeys(column for row in rows for column in row):
        if column not in _COLUMNS:
            raise InputError(f"column {column}: not an option of a job; see ostnet batch --help")
    weights = lru_cache(_weights)
    jobs, refused = [], {}
    for row in rows:
        try:
            jobs.append(_job(row, common, weights))
        except InputError as error:
            refused[row["name"]] = " ".join(str(error).split())
    return jobs, refused


_SWITCHES = {
    f"no-{one.name.replace('_', '-')}": one.name
    for one in fields(AnimateOptions)
    if one.type is bool
}
"""Columns that turn an option off -> the option."""

_COLUMNS = {
    *("name", "source", "driving"),
    *(one.name.replace("_", "-") for one in fields(AnimateOptions) + fields(NetworkOptions)),
    *_SWITCHES,
}


def _job(row: "Row", common: Namespace, weights: Callable[[str | None, str], Path]) -> "Job":
    from ostnet.batch.job import Job

    values = vars(common) | {column.replace("-", "_"): text for column, text in row.items()}
    for column in _SWITCHES.keys() & row.keys():
        name = _SWITCHES[column]
        given: dict[str, Any] = {name: row[column]}
        values[name] = not getattr(AnimateOptions(**given), name)
    arguments = Namespace(**values)
    options, network = options_of(arguments), network_of(arguments)
    return Job(
        name=row["name"],
        source=_file("source", row["source"]),
        driving=_file("driving", row["driving"], driving_clip),
        options=options,
        weights=weights(network.checkpoint, network.device),
        device=network.device,
        backend=network.backend,
    )


def _file(name: str, text: str, read: Callable[[str], Path] = existing_file) -> Path:
    try:
        return read(text).absolute()
    except ArgumentTypeError as error:
        raise InputError(f"{name}: {error}") from error


def _weights(checkpoint: str | None, device: str) -> Path:
    """Find the weights and return their folder; notices go to standard error."""
    from ostnet.animation.animator import choose_device
    from ostnet.hub import resolve

    found = resolve(checkpoint, device)
    choose_device(device)
    if found.notice:
        print("ostnet: warning:", found.notice, file=sys.stderr)
    return found.folder.absolute()
