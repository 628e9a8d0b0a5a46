"""A checkpoint's files from the Hugging Face Hub, patiently, through its cache."""

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ostnet.errors import InputError
from ostnet.model.ranges import NAME as RANGES

CONFIG, WEIGHTS = "config.json", "model.safetensors"
PARTS = (CONFIG, WEIGHTS, RANGES, "README.md", "LICENSE", "metrics.json", "report.json",
         "samples.jpg", "evaluation/*")  # fmt: skip
"""Patterns of the files that belong to a checkpoint: the two, and what may lie beside them (ranges
for eight bits, card, terms, measurements, a picture, a folder of findings). No other file is
downloaded or published."""

WAITS = (1.0, 2.0)
"""Seconds before each further try when the Hub is busy or does not answer."""
PATIENCE = 10.0
"""Seconds after which nothing is tried again."""
TIMEOUT = 5.0
"""Seconds that the Hub may take to say what a repository holds."""

_BUSY = (408, 429, 500, 502, 503, 504)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_Answer = TypeVar("_Answer")


class UnreachableError(InputError):
    """The Hub did not answer, or was busy for too long."""


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a full commit hash, which can never mean other files."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def parts_among(files: Iterable[str]) -> list[str]:
    """Those of these files, named below a checkpoint's folder, that are part of the checkpoint."""
    from huggingface_hub.utils import filter_repo_objects

    return sorted(filter_repo_objects(files, allow_patterns=list(PARTS)))


def refuse_missing(files: set[str], name: str) -> None:
    """Both files of a checkpoint must be among these names.

    Raises:
        InputError: one of them is not.
    """
    missing = [file for file in (CONFIG, WEIGHTS) if file not in files]
    if missing:
        raise InputError(
            f"checkpoint: {name} has no {' and no '.join(missing)}; only safetensors checkpoints "
            "with their configuration can be loaded"
        )


def download(repo: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of a repository's files in the Hub's cache, and a notice where an older copy does.

    A commit that is in the cache is not asked for again. Anything else is compared with what the
    Hub holds now; out of its reach, the last downloaded copy serves. On a terminal each file shows
    its progress.

    Raises:
        InputError: no such repository, revision or file; UnreachableError: and no copy either.
    """
    if is_commit(revision) and (folder := _cached(repo, revision)):
        return folder, None
    try:
        listing(repo, revision)
        return _fetch(repo, revision), None
    except UnreachableError as error:
        if folder := _cached(repo, revision):
            name = f"{repo}@{revision}" if revision else repo
            reason = f"the Hub cannot be reached ({brief(error)})"
            return folder, f"{reason}; using the cached copy of {name}"
        raise


def listing(repo: str, revision: str | None) -> list[str]:
    """Names of a checkpoint's files on the Hub.

    Raises:
        InputError: as for :func:`download`.
    """
    from huggingface_hub import HfApi

    with _as_input_errors(repo, revision):
        info = _patiently(lambda: HfApi().model_info(repo, revision=revision, timeout=TIMEOUT))
    files = {file.rfilename for file in info.siblings or ()}
    refuse_missing(files, f"{repo}@{revision}" if revision else repo)
    return parts_among(files)


def _fetch(repo: str, revision: str | None) -> Path:
    """Download what is not in the cache yet; all files from one commit."""
    from huggingface_hub import snapshot_download

    with _as_input_errors(repo, revision):
        return Path(
            _patiently(
                lambda: snapshot_download(repo, revision=revision, allow_patterns=list(PARTS))
            )
        )


def _cached(repo: str, revision: str | None) -> Path | None:
    """The folder of a copy downloaded before, if it is whole."""
    from huggingface_hub import try_to_load_from_cache

    with _as_input_errors(repo, revision):
        config, weights = (
            try_to_load_from_cache(repo, file, revision=revision) for file in (CONFIG, WEIGHTS)
        )
    if not isinstance(config, str) or not isinstance(weights, str):
        return None
    return Path(config).parent


def _patiently(ask: Callable[[], _Answer]) -> _Answer:
    """Ask again, for a while, where the Hub is busy or does not answer."""
    started = time.monotonic()
    for wait in WAITS:
        try:
            return ask()
        except Exception as error:
            if not _may_pass(error) or time.monotonic() - started > PATIENCE:
                raise
        time.sleep(wait)
    return ask()


def _may_pass(error: BaseException) -> bool:
    from huggingface_hub.errors import OfflineModeIsEnabled

    cause = _cause(error)
    response = getattr(cause, "response", None)
    if response is not None:
        return response.status_code in _BUSY
    return not isinstance(cause, (OfflineModeIsEnabled, ValueError))


@contextmanager
def _as_input_errors(repo: str, revision: str | None) -> Iterator[None]:
    """Errors of the Hub's client as input errors, and none of its warnings of each retry."""
    from huggingface_hub.errors import (
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        with quiet_client():
            yield
    except RepositoryNotFoundError as error:
        raise InputError(
            f"checkpoint: {repo!r} is neither a folder here nor a public repository on the Hub; "
            "check the spelling, or log in with hf auth login where it is private"
        ) from error
    except RevisionNotFoundError as error:
        raise InputError(
            f"checkpoint: {repo} has no revision {revision!r}; give a branch, tag or commit of it"
        ) from error
    except HFValidationError as error:
        raise InputError(
            f"checkpoint: {repo!r} cannot be a repository's name; give owner/repo[@revision]"
        ) from error
    except Exception as error:  # whatever HTTP library this version of the Hub's client uses
        raise UnreachableError(
            f"checkpoint: {repo!r} is no folder here, and the Hub cannot be reached for it "
            f"({brief(error)}); go online once or give a folder"
        ) from error


@contextmanager
def quiet_client() -> Iterator[None]:
    """Without the warnings of the Hub's client, and with its progress bars on terminals alone."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
        logging,
    )

    verbosity, bars = logging.get_verbosity(), not are_progress_bars_disabled()
    logging.set_verbosity_error()
    if bars and not sys.stderr.isatty():
        disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            enable_progress_bars()


def brief(error: BaseException) -> str:
    """The first line of what the Hub's client met, to be put in parentheses."""
    cause = _cause(error)
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(". ")[:200]


def _cause(error: BaseException) -> BaseException:
    """What the Hub's client met first, below its own words."""
    while error.__cause__ is not None and getattr(error, "response", None) is None:
        error = error.__cause__
    return error
