"""Finding weights: in a folder, in a repository on the Hugging Face Hub, or the embedded ones.

Names and shapes in the files' headers are checked; ``OSTNet.from_pretrained`` loads them. Only
safetensors is supported.
"""

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ostnet.backends.cache import was_built
from ostnet.backends.device import has_cuda
from ostnet.errors import InputError
from ostnet.hub.downloads import CONFIG, WEIGHTS, check_complete, download

EMBEDDED = "ostnet-lite"
"""Name of the default weights in the package."""

EMBEDDED_ON_GPU = "ostnet-base"
"""Name of the larger weights, which take precedence on CUDA if the package has them."""

EMBEDDED_SMALL = "ostnet-micro"
"""Name of the smaller weights, for browsers without a GPU, if the package has them."""

VARIABLE = "OSTNET_WEIGHTS"
"""Environment variable with the default weights: a folder or owner/repo[@revision]."""

PINNED = "default.txt"
"""File beside the embedded weights' folder that names the default weights of an exported Space. The
environment variable takes precedence."""

_EMBEDDED_NAME = re.compile(r"ostnet-\w+")
_REPOSITORY = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class Checkpoint:
    """Weights on disk."""

    folder: Path
    """Folder with config.json and model.safetensors."""

    name: str
    """Name in reports: the folder's name, or ``owner/repo@revision``."""

    notice: str | None = None
    """Message for the user, such as that a cached copy is used without the Hub."""


def resolve(checkpoint: str | Path | None = None, device: str = "auto") -> Checkpoint:
    """Find weights, and check that they can be loaded.

    Args:
        checkpoint: a folder (which takes precedence), the name of weights in the package, such as
            ``ostnet-lite``, ``owner/repo[@revision]`` on the Hub, or None for the default: what
            ``OSTNET_WEIGHTS`` names, else what an exported Space is pinned to, else the embedded
            weights.
        device: where they will run; only for embedded weights, see :func:`embedded`.

    Returns:
        The weights. Where a named default fails: the embedded weights, with the reason as notice.

    Raises:
        InputError: the weights do not exist, a file is missing, broken or does not match the
            configuration, or the Hub refused the download.
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


def resolve_for_browsers(checkpoints: str | None = None) -> dict[str, Path]:
    """Find the weights of the page that computes in the browser; return name -> folder.

    Args:
        checkpoints: one or more as :func:`resolve` takes them, separated by commas; None: the
            default weights and, if those are embedded, the smaller embedded ones too.

    Raises:
        InputError: as :func:`resolve`, or two have the same name.
    """
    wanted = (checkpoints or "").split(",")
    found = [resolve(one.strip() or None, "cpu") for one in wanted]
    if not checkpoints and found[0].folder in embedded_folders():
        small = found[0].folder.with_name(EMBEDDED_SMALL)
        found += [_named(str(small))] if small.is_dir() else []
    found.sort(key=lambda one: (one.folder / WEIGHTS).stat().st_size, reverse=True)
    names = {one.name: one.folder for one in found}
    if len(names) < len(found):
        raise InputError(f"checkpoint: two are named {found[0].name!r}; rename one's folder")
    return names


def embedded(device: str = "cpu") -> Checkpoint:
    """Find the weights in the package, on CUDA the larger ones if it has them.

    Args:
        device: a name that torch knows, or ``auto`` (CUDA if available).

    Raises:
        InputError: they are missing.
    """
    for name in (EMBEDDED_ON_GPU, EMBEDDED) if _is_cuda(device) else (EMBEDDED,):
        if found := _embedded(name):
            return found
    raise InputError(
        f"checkpoint: the embedded weights {EMBEDDED} are missing from "
        f"{' and '.join(str(folder) for folder in embedded_folders())}; reinstall ostnet or name "
        "a checkpoint"
    )


def embedded_names() -> list[str]:
    """Return the names of all weights in the package."""
    places = [folder.parent for folder in embedded_folders()]
    return sorted({path.parent.name for place in places for path in place.glob(f"*/{CONFIG}")})


def _embedded(name: str) -> Checkpoint | None:
    for folder in embedded_folders():
        folder = folder.with_name(name)
        if folder.is_dir():
            return Checkpoint(_checked(folder, str(folder)), name)
    return None


def embedded_folders() -> list[Path]:
    """Return the possible folders of the embedded weights: in a wheel, and in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return [package / "_checkpoints" / EMBEDDED, package.parent / "checkpoints" / EMBEDDED]


def _is_cuda(device: str) -> bool:
    return device.startswith("cuda") or (device == "auto" and has_cuda())


def split_name(text: str) -> tuple[str, str | None] | None:
    """Split ``owner/repo[@revision]``; return None for any other text."""
    match = _REPOSITORY.fullmatch(text)
    return match and (match["repo"], match["revision"])


def _default() -> tuple[str | None, str]:
    """Return the named default weights, or None, and where they are named."""
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
    if _EMBEDDED_NAME.fullmatch(text) and (known := _embedded(text)):
        return known
    parts = split_name(text)
    if parts is None:
        raise InputError(
            f"checkpoint: no folder {text!r}; give a folder with {CONFIG} and {WEIGHTS}, "
            f"{', '.join(embedded_names())}, or owner/repo[@revision] on the Hub"
        )
    folder, notice = download(*parts)
    return Checkpoint(_checked(folder, text), text, notice)


def _checked(folder: Path, name: str) -> Path:
    """Return the folder. Raises InputError unless the networks can load its files."""
    check_complete({file.name for file in folder.iterdir()}, name)
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
