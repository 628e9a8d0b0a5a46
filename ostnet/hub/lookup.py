"""Where weights come from: a folder, a repository on the Hugging Face Hub, the embedded default.

Finds and checks the files, by the names and shapes in their header; ``OSTNet.from_pretrained``
loads them, once. Never anything but safetensors.
"""

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ostnet.backends.device import has_cuda
from ostnet.backends.known import was_built
from ostnet.errors import InputError
from ostnet.hub.downloads import CONFIG, WEIGHTS, download, refuse_missing

EMBEDDED = "ostnet-lite"
"""Name of the weights that come with the package."""

EMBEDDED_ON_GPU = "ostnet-base"
"""Name of the larger weights, which take precedence on CUDA where the package has them."""

VARIABLE = "OSTNET_WEIGHTS"
"""Environment variable that names the default weights, as a folder or owner/repo[@revision]."""

PINNED = "default.txt"
"""File beside the embedded weights' folder with the default of an exported Space, written the same
way; a checkout has none. The environment variable goes before it."""

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


def resolve(checkpoint: str | Path | None = None, device: str = "auto") -> Checkpoint:
    """Find weights by what a user writes, and check that they can be loaded.

    Args:
        checkpoint: a folder, ``owner/repo`` or ``owner/repo@revision`` on the Hub, or None for the
            default: what ``OSTNET_WEIGHTS`` names, else what an exported Space was pinned to, else
            the embedded weights. A folder goes before a repository of the same name.
        device: where they will run, which decides between embedded weights and nothing else; see
            :func:`embedded`.

    Returns:
        The files' place. A default that cannot be used gives the embedded weights instead, with
        the reason as the notice.

    Raises:
        InputError: nothing there, a file missing, broken or of other shapes than its configuration
            says, no safetensors, or the Hub refused; the message names the folder or the
            repository, and the file. For None only if the embedded weights are missing.
    """
    if checkpoint is not None:
        return _named(str(checkpoint))
    wanted, origin = _default()
    if wanted is None:
        return embedded(device)
    try:
        return _named(wanted)
    except InputError as error:
        found = embedded(device)
        notice = f"{origin} names {wanted}, which cannot be used; running {found.name} ({error})"
        return replace(found, notice=notice)


def embedded(device: str = "cpu") -> Checkpoint:
    """Find the weights that come with the package: on CUDA the larger ones, where it has them.

    Args:
        device: where they will run: a name torch knows, or ``auto`` (CUDA where there is one).

    Raises:
        InputError: they are missing.
    """
    for name in (EMBEDDED_ON_GPU, EMBEDDED) if _is_cuda(device) else (EMBEDDED,):
        for folder in embedded_folders():
            folder = folder.with_name(name)
            if folder.is_dir():
                return Checkpoint(_checked(folder, str(folder)), name)
    raise InputError(
        f"checkpoint: the embedded weights {EMBEDDED} are missing from "
        f"{' and '.join(str(folder) for folder in embedded_folders())}; reinstall ostnet or name "
        "a checkpoint"
    )


def embedded_folders() -> list[Path]:
    """Where the embedded weights may lie: in an installed wheel, or beside a checkout."""
    package = Path(__file__).resolve().parents[1]
    return [package / "_checkpoints" / EMBEDDED, package.parent / "checkpoints" / EMBEDDED]


def _is_cuda(device: str) -> bool:
    return device.startswith("cuda") or (device == "auto" and has_cuda())


def split_name(text: str) -> tuple[str, str | None] | None:
    """``owner/repo[@revision]`` as its parts; None for any other text."""
    match = _REPOSITORY.fullmatch(text)
    return match and (match["repo"], match["revision"])


def _default() -> tuple[str | None, str]:
    """The default weights, if any are named, and where they are named."""
    if wanted := os.environ.get(VARIABLE, "").strip():
        return wanted, VARIABLE
    for folder in embedded_folders():
        pinned = folder.parent / PINNED
        if pinned.is_file():
            return pinned.read_text(encoding="utf-8").strip(), f"checkpoints/{PINNED}"
    return None, ""


def _named(text: str) -> Checkpoint:
    folder = Path(text).expanduser()
    if folder.is_dir():
        return Checkpoint(_checked(folder, text), folder.resolve().name)
    parts = split_name(text)
    if parts is None:
        raise InputError(
            f"checkpoint: no folder {text!r}; give a folder with {CONFIG} and {WEIGHTS}, "
            "or owner/repo[@revision] on the Hub"
        )
    folder, notice = download(*parts)
    return Checkpoint(_checked(folder, text), text, notice)


def _checked(folder: Path, name: str) -> Path:
    """The folder, if the networks take its files."""
    refuse_missing({file.name for file in folder.iterdir()}, name)
    if was_built(folder):
        return folder

    from ostnet.config import ModelConfig
    from ostnet.model.ostnet import OSTNet
    from ostnet.model.weights import check_weights

    try:
        config = ModelConfig.from_dict(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            f"checkpoint: {name}, {CONFIG}: {error}; use the one saved with the weights"
        ) from error
    try:
        check_weights(OSTNet.outline(config), folder / WEIGHTS)
    except InputError as error:
        reason = str(error).removeprefix(f"{folder / WEIGHTS}: ")
        raise InputError(f"checkpoint: {name}, {WEIGHTS}: {reason}") from error
    return folder
