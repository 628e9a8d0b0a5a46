"""Where weights come from: a folder, a repository on the Hugging Face Hub, the embedded default.

Only finds and fetches the files; ``OSTNet.from_pretrained`` loads them. Never anything but
safetensors.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError

EMBEDDED = "ostnet-lite"
"""Name of the weights that come with the package."""

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_OPTIONAL = ("README.md", "metrics.json")
_REPOSITORY = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class Checkpoint:
    """Weights on this machine's disk."""

    folder: Path
    """Holds config.json and model.safetensors."""

    name: str
    """What to call it in a report: the folder's name, or ``owner/repo@revision``."""

    notice: str | None = None
    """Something the user should see, such as a copy used because the Hub cannot be reached."""


def resolve(checkpoint: str | Path | None = None) -> Checkpoint:
    """Find weights by what a user writes.

    Args:
        checkpoint: a folder, ``owner/repo`` or ``owner/repo@revision`` on the Hub, or None for the
            embedded weights. An existing folder wins over a repository of the same name.

    Raises:
        InputError: nothing there, a file missing, no safetensors, or the Hub refused; the message
            names the folder or the repository and the file.
    """
    if checkpoint is None:
        return _embedded()
    text = str(checkpoint)
    folder = Path(text).expanduser()
    if folder.is_dir():
        return Checkpoint(_checked(folder, text), folder.resolve().name)
    match = _REPOSITORY.fullmatch(text)
    if match is None:
        raise InputError(
            f"checkpoint: no folder {text!r}; give a folder with {CONFIG} and {WEIGHTS}, "
            "or owner/repo[@revision] on the Hub"
        )
    return _download(match["repo"], match["revision"])


def embedded_folders() -> list[Path]:
    """Where the embedded weights may lie: in an installed wheel, or beside a checkout."""
    package = Path(__file__).resolve().parent
    return [package / "_checkpoints" / EMBEDDED, package.parent / "checkpoints" / EMBEDDED]


def _embedded() -> Checkpoint:
    for folder in embedded_folders():
        if folder.is_dir():
            return Checkpoint(_checked(folder, str(folder)), EMBEDDED)
    raise InputError(
        f"checkpoint: the embedded weights {EMBEDDED} are missing from "
        f"{' and '.join(str(folder) for folder in embedded_folders())}; reinstall ostnet or name "
        "a checkpoint"
    )


def _checked(folder: Path, name: str) -> Path:
    missing = [file for file in (CONFIG, WEIGHTS) if not (folder / file).is_file()]
    if missing:
        raise InputError(
            f"checkpoint: {name} has no {' and no '.join(missing)}; only safetensors checkpoints "
            "with their configuration can be loaded"
        )
    return folder


def _download(repo: str, revision: str | None) -> Checkpoint:
    """The repository's files through the Hub's cache; the cached copy when it is out of reach."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = f"{repo}@{revision}" if revision else repo
    unreachable = None
    try:
        HfApi().model_info(repo, revision=revision, timeout=10)
    except RepositoryNotFoundError as error:
        raise InputError(
            f"checkpoint: {repo!r} is neither a folder here nor a public repository on the Hub; "
            "check the spelling"
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
        unreachable = _brief(error)
    try:
        folder = snapshot_download(
            repo,
            revision=revision,
            allow_patterns=[CONFIG, WEIGHTS, *_OPTIONAL],
            local_files_only=unreachable is not None,
        )
    except LocalEntryNotFoundError as error:
        raise InputError(
            f"checkpoint: {repo!r} is no folder here, and the Hub cannot be reached for it "
            f"({unreachable or _brief(error)}); go online once or give a folder"
        ) from error
    notice = None
    if unreachable is not None:
        notice = f"the Hub cannot be reached ({unreachable}); using the cached copy of {name}"
    return Checkpoint(_checked(Path(folder), name), name, notice)


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(". ")[:160]
