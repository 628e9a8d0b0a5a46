"""``ostnet batch``: many videos from a table of jobs, or from a folder."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.cli import COMMANDS
from ostnet.cli.animate import add_switches, variant_of
from ostnet.cli.inputs import add_inputs, add_options, inputs_of
from ostnet.cli.values import output_folder, whole_number
from ostnet.errors import InputError
from ostnet.flags import Parser, path_of

if TYPE_CHECKING:
    from ostnet.batch.job import Job
    from ostnet.batch.job_list import Row

YES, NO = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def run(argv: list[str]) -> None:
    """Parse the flags, read the jobs, make their videos."""
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
    add_switches(parser)
    return parser


def _jobs(rows: "list[Row]", common: Namespace) -> "tuple[list[Job], dict[str, str]]":
    """Jobs, and the reasons of those that cannot be one, by name.

    Raises:
        InputError: a column that is no option.
    """
    parser = Parser("ostnet animate", COMMANDS["animate"])
    add_inputs(parser)
    add_switches(parser)
    actions = {
        word.removeprefix("--"): action
        for word, action in parser._option_string_actions.items()
        if action.dest != "help"
    }
    switches = {name: action.dest for name, action in actions.items() if action.nargs == 0}
    weights = lru_cache(_weights)
    for column in dict.fromkeys(column for row in rows for column in row):
        if column != "name" and column not in actions:
            raise InputError(f"column {column}: no option of a job; see ostnet batch --help")
    dests = {action.dest for action in actions.values()}
    parser.set_defaults(**{name: value for name, value in vars(common).items() if name in dests})
    jobs, refused = [], {}
    for row in rows:
        try:
            jobs.append(_job(row, parser, switches, weights))
        except InputError as error:
            refused[row["name"]] = " ".join(str(error).split())
    return jobs, refused


def _job(
    row: "Row", parser: Parser, switches: dict[str, str], weights: Callable[[str | None, str], Path]
) -> "Job":
    from ostnet.batch.job import Job

    options = {column: text for column, text in row.items() if column != "name"}
    on = {switches[name]: _on(name, options.pop(name)) for name in switches if name in options}
    arguments = parser.parse_args([f"--{name}={text}" for name, text in options.items()])
    vars(arguments).update(on)
    for name in ("source", "driving"):
        setattr(arguments, name, getattr(arguments, name).absolute())
    return Job(
        name=row["name"],
        inputs=inputs_of(arguments),
        weights=weights(arguments.checkpoint, arguments.device),
        device=arguments.device,
        backend=arguments.backend,
        variant=variant_of(arguments),
        paste=arguments.paste_back,
    )


def _weights(checkpoint: str | None, device: str) -> Path:
    """Their folder; what the user should know of it goes to standard error."""
    from ostnet.animation.animator import choose_device
    from ostnet.hub import resolve

    found = resolve(checkpoint, device)
    choose_device(device)
    if found.notice:
        print("ostnet: warning:", found.notice, file=sys.stderr)
    return found.folder.absolute()


def _on(name: str, text: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise InputError(f"{name}: found {text!r}, expected true or false; leave it empty for none")
    return text.lower() in YES


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"found {text!r}, expected a number of at least 0, such as .25")
    return value
