"""Downloads of checkpoints from the Hugging Face Hub, with retries and its cache."""

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
PARTS = (CONFIG, WEIGHTS, RANGES, "README.md", "training-log.md", "LICENSE", "metrics.json",
         "report.json", "samples.jpg", "evaluation/*")  # fmt: skip
"""Patterns of the files of a checkpoint; no other file is downloaded or published."""

WAITS = (1.0, 2.0)
"""Seconds before each retry when the Hub is busy or does not answer."""
LAST_RETRY = 10.0
"""Seconds after which there are no more retries."""
TIMEOUT = 5.0
"""Timeout of a query for a repository's files, in seconds."""

_BUSY = (408, 429, 500, 502, 503, 504)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_Answer = TypeVar("_Answer")


class UnreachableError(InputError):
    """Raised if the Hub did not answer, or was busy for too long."""


def is_commit(revision: str | None) -> bool:
    """Return whether a revision is a full commit hash, whose files never change."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def parts_among(files: Iterable[str]) -> list[str]:
    """Return the paths, relative to a checkpoint's folder, that are part of the checkpoint."""
    from huggingface_hub.utils import filter_repo_objects

    return sorted(filter_repo_objects(files, allow_patterns=list(PARTS)))


def check_complete(files: set[str], name: str) -> None:
    """Raise InputError unless both required files of a checkpoint are among these names."""
    missing = [file for file in (CONFIG, WEIGHTS) if file not in files]
    if missing:
        raise InputError(
            f"checkpoint: {name} has no {' and no '.join(missing)}; only safetensors checkpoints "
            "with their configuration can be loaded"
        )


def download(repo: str, revision: str | None) -> tuple[Path, str | None]:
    """Download a repository's files into the Hub's cache, with progress bars on a terminal.

    A commit in the cache is not downloaded again. If the Hub cannot be reached, the last copy in
    the cache is used.

    Returns:
        The folder, and a notice if an older copy is used.

    Raises:
        InputError: there is no such repository, revision or file.
        UnreachableError: the Hub cannot be reached, and the cache has no copy.
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
    """Return the names of a checkpoint's files on the Hub. Raises as :func:`download`."""
    from huggingface_hub import HfApi

    with _as_input_errors(repo, revision):
        info = _retried(lambda: HfApi().model_info(repo, revision=revision, timeout=TIMEOUT))
    files = {file.rfilename for file in info.siblings or ()}
    check_complete(files, f"{repo}@{revision}" if revision else repo)
    return parts_among(files)


def _fetch(repo: str, revision: str | None) -> Path:
    """Download missing files, all from one commit."""
    from huggingface_hub import snapshot_download

    with _as_input_errors(repo, revision):
        return Path(
            _retried(lambda: snapshot_download(repo, revision=revision, allow_patterns=list(PARTS)))
        )


def _cached(repo: str, revision: str | None) -> Path | None:
    """Return the folder of a complete copy in the cache, or None."""
    from huggingface_hub import try_to_load_from_cache

    with _as_input_errors(repo, revision):
        config, weights = (
            try_to_load_from_cache(repo, file, revision=revision) for file in (CONFIG, WEIGHTS)
        )
    if not isinstance(config, str) or not isinstance(weights, str):
        return None
    return Path(config).parent


def _retried(ask: Callable[[], _Answer]) -> _Answer:
    """Call the Hub, with retries if it is busy or does not answer."""
    started = time.monotonic()
    for wait in WAITS:
        try:
            return ask()
        except Exception as error:
            if not _is_temporary(error) or time.monotonic() - started > LAST_RETRY:
                raise
        time.sleep(wait)
    return ask()


def _is_temporary(error: BaseException) -> bool:
    from huggingface_hub.errors import OfflineModeIsEnabled

    cause = _cause(error)
    response = getattr(cause, "response", None)
    if response is not None:
        return response.status_code in _BUSY
    return not isinstance(cause, (OfflineModeIsEnabled, ValueError))


@contextmanager
def _as_input_errors(repo: str, revision: str | None) -> Iterator[None]:
    """Turn errors of the Hub's client into input errors, and silence its warnings."""
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
            "check the spelling, or log in with hf auth login if it is private"
        ) from error
    except RevisionNotFoundError as error:
        raise InputError(
            f"checkpoint: {repo} has no revision {revision!r}; give a branch, tag or commit of it"
        ) from error
    except HFValidationError as error:
        raise InputError(
            f"checkpoint: {repo!r} is not a valid repository name; give owner/repo[@revision]"
        ) from error
    except Exception as error:  # the HTTP library of the Hub's client raises it
        raise UnreachableError(
            f"checkpoint: {repo!r} is not a folder here, and the Hub cannot be reached "
            f"({brief(error)}); connect to the internet once, or give a folder"
        ) from error


@contextmanager
def quiet_client() -> Iterator[None]:
    """Silence the warnings of the Hub's client, and its progress bars outside a terminal."""
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
    """Return the first line of an error of the Hub's client."""
    cause = _cause(error)
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(". ")[:200]


def _cause(error: BaseException) -> BaseException:
    """Return the original cause of an error of the Hub's client."""
    while error.__cause__ is not None and getattr(error, "response", None) is None:
        error = error.__cause__
    return error
