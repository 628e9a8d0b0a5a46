"""``ostnet batch``: many videos from a table of jobs, or from a folder."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostnet.cli import COMMANDS
from ostnet.cli.animate import add_options, network_of, options_of
from ostnet.cli.values import existing_file, output_folder, whole_number
from ostnet.errors import InputError
from ostnet.flags import Parser, path_of
from ostnet.options import AnimateOptions, NetworkOptions

if TYPE_CHECKING:
    from ostnet.batch.job import Job
    from ostnet.batch.job_list import Row


def batch(argv: list[str]) -> None:
    """Read the jobs and make their videos."""
    arguments = _parser().parse_args(argv)
    if arguments.gpus_per_worker is not None and not arguments.ray:
        raise InputError("gpus-per-worker: is Ray's; add --ray, or choose with --device")

    from ostnet.batch.job_list import read_rows
    from ostnet.batch.ledger import MANIFEST
    from ostnet.batch.run import BatchConfig, complain
    from ostnet.batch.run import run as run_batch

    rows = read_rows(arguments.jobs, leave_out=arguments.output)
    jobs, refused = _jobs(rows, arguments)
    config = BatchConfig(
        arguments.output, arguments.workers, arguments.ray, arguments.gpus_per_worker or 0.0
    )
    summary = run_batch(jobs, config, refused)
    said = f", {summary.warned} with a warning" if summary.warned else ""
    print(f"{summary.made} made{said}, {summary.kept} done before, {summary.failed} failed")
    print(f"wrote {arguments.output / MANIFEST}")
    complain(summary, arguments.output)


def _parser() -> Parser:
    parser = Parser("ostnet batch", COMMANDS["batch"])
    add = parser.add_argument
    add(
        "jobs",
        type=path_of,
        metavar="JOBS.csv|JOBS.jsonl|FOLDER",
        help="table with the columns name, source, driving and any of the options below, named as "
        "they are here (driving-zoom, size, ...; true or false for those without a value), which "
        "go before those given here; or a folder: every portrait in it by every clip",
    )
    add(
        "--output",
        required=True,
        type=output_folder,
        metavar="DIR",
        help="folder for NAME.mp4 of each job, manifest.csv and failures.csv; jobs that are done "
        "there already are not done again",
    )
    add(
        "--workers",
        default=1,
        type=whole_number(1),
        metavar="N",
        help="processes at a time, each with networks of its own (default: 1)",
    )
    add(
        "--ray",
        action="store_true",
        help="run them on a Ray cluster (RAY_ADDRESS, or this machine); it must see all files "
        "under the same paths",
    )
    add(
        "--gpus-per-worker",
        type=_share,
        metavar="G",
        help="with --ray: share of a GPU for each, for instance .25 (default: 0)",
    )
    add_options(parser)
    return parser


def _jobs(rows: "list[Row]", common: Namespace) -> "tuple[list[Job], dict[str, str]]":
    """Return the jobs, and the reasons of those that cannot be one, by name.

    Raises:
        InputError: a column that is no option.
    """
    for column in dict.fromkeys(column for row in rows for column in row):
        if column not in _COLUMNS:
            raise InputError(f"column {column}: no option of a job; see ostnet batch --help")
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
        driving=_file("driving", row["driving"]),
        options=options,
        weights=weights(network.checkpoint, network.device),
        device=network.device,
        backend=network.backend,
    )


def _file(name: str, text: str) -> Path:
    try:
        return existing_file(text).absolute()
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


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"found {text!r}, expected a number of at least 0, such as .25")
    return value
