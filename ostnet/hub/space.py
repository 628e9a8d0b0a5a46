"""Files of a Hugging Face Space: the page with its server, or the static page."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import ostnet
from ostnet.errors import InputError
from ostnet.files import new_folder
from ostnet.hub.card import check_space, join, split
from ostnet.hub.downloads import CONFIG, WEIGHTS, listing
from ostnet.hub.lookup import (
    EMBEDDED,
    EMBEDDED_ON_GPU,
    EMBEDDED_SMALL,
    PINNED,
    VARIABLE,
    embedded,
    resolve_for_browsers,
)

PYTHON = "3.12"
"""Version of Python on the Space; ZeroGPU offers this one and 3.10."""

TORCH = ">=2.8,<=2.11"
"""Releases of torch that both ZeroGPU and this project support.

ZeroGPU's Blackwell GPUs (sm_120) need CUDA 12.8; 2.8.0 is built for it, 2.11.0 for CUDA 13.0."""

LARGE_FILES = ("*.mp4", "*.png", "*.jpg", "*.safetensors", "*.onnx", "*.wasm")
"""Binary files, which the Hub only accepts through Git LFS."""

LIVE = "web"
"""Folder beside app.py with the page of tab Live."""

HEADERS = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}
"""HTTP headers with which browsers allow threads in WebAssembly."""

_COPIED = ("app.py", "LICENSE", "ostnet", "examples")
_STATIC_KEYS = ("title", "emoji", "colorFrom", "colorTo", "license", "short_description")
_STATIC_ABOUT = """# OSTNet, live in your own browser

A portrait performs what you do. The networks run on your own device: nothing is uploaded.
"""


def export_space(folder: Path, weights: str | None = None, live: bool = False) -> list[str]:
    """Write the files of a Space, ready for upload.

    Args:
        folder: new or empty.
        weights: ``owner/repo@COMMIT`` that the Space runs, with the embedded weights as fallback;
            None: only the embedded weights.
        live: include the page that computes in the browser, for tab Live.

    Returns:
        Warnings: the Hub has no such weights or did not answer.

    Raises:
        InputError: the folder is not empty, the project's files are missing, the front matter is
            not what the Hub documents, or the page's runtime cannot be downloaded.
    """
    root = Path(ostnet.__file__).resolve().parents[1]
    folder = folder.resolve()
    _check_place(folder, root)
    values, body = split((root / "README.md").read_text(encoding="utf-8"))
    required = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    _check_gradio(values, required)
    values |= {"python_version": PYTHON}
    warnings = []
    if weights is not None:
        entries, warnings = _hub_entries(weights)
        values |= entries
    check_space(values)

    with new_folder(folder, "dir") as stage:
        for name in _COPIED:
            _copy(root / name, stage / name)
        source = embedded().folder
        names = [
            n for n in (EMBEDDED, EMBEDDED_ON_GPU, EMBEDDED_SMALL) if source.with_name(n).is_dir()
        ]
        for name in names:
            _copy(source.with_name(name), stage / "checkpoints" / name)
        if weights is not None:
            _write(stage / "checkpoints" / PINNED, [weights])
        if live:
            from ostnet.web.site import export_site  # needs the extra "export"

            export_site(resolve_for_browsers(), stage / LIVE)
        _write(stage / "requirements.txt", map(_on_zero_gpu, required))
        _write_attributes(stage)
        introduction = re.split(r"^## ", body, maxsplit=1, flags=re.MULTILINE)[0]
        _write(stage / "README.md", [join(values, introduction + _about_weights(weights, names))])
    return warnings


def export_static_space(folder: Path) -> None:
    """Write the files of a static Space, ready for upload: the page that computes in the browser.

    Args:
        folder: new or empty.

    Raises:
        InputError: as :func:`ostnet.web.site.export_site`, or the front matter is not what the Hub
            documents.
    """
    from ostnet.web.site import export_site

    readme = Path(ostnet.__file__).resolve().parents[1] / "README.md"
    ours, _ = split(readme.read_text(encoding="utf-8"))
    values = {key: ours[key] for key in _STATIC_KEYS if key in ours}
    values |= {"sdk": "static", "app_file": "index.html", "custom_headers": HEADERS}
    check_space(values)
    export_site(resolve_for_browsers(), folder)
    _write(folder / "README.md", [join(values, _STATIC_ABOUT)])
    _write_attributes(folder)


def _check_place(folder: Path, root: Path) -> None:
    if any(root / name in folder.parents for name in _COPIED):
        raise InputError(
            f"dir: {str(folder)!r} lies among the files to copy; give a folder elsewhere"
        )
    needed = (*_COPIED, "README.md", "requirements.txt")
    missing = [name for name in needed if not (root / name).exists()]
    if missing:
        raise InputError(
            f"project: {root} has no {', '.join(missing)}; run this from a checkout of the project"
        )


def _check_gradio(values: dict, required: list[str]) -> None:
    """Raise InputError unless the requirements allow the Space's version of gradio."""
    from packaging.requirements import Requirement

    wanted = next(Requirement(line) for line in required if line.startswith("gradio"))
    found = str(values.get("sdk_version"))
    if not wanted.specifier.contains(found):
        raise InputError(
            f"README.md: sdk_version: found {found}, expected one that requirements.txt allows "
            f"({wanted})"
        )


def _hub_entries(weights: str) -> tuple[dict, list[str]]:
    """Return front matter that preloads weights when the Space is built, and warnings."""
    repo, _, commit = weights.partition("@")
    files, warnings = [], []
    try:
        files = listing(repo, commit)
    except InputError as error:
        reason = str(error).removeprefix("checkpoint: ").split(";")[0]
        warnings = [
            f"weights: {weights} could not be checked: {reason}; "
            "the Space can only be built once it exists"
        ]
    named = ",".join([CONFIG, WEIGHTS, *sorted(set(files) - {CONFIG, WEIGHTS})])
    return {"models": [repo], "preload_from_hub": [f"{repo} {named} {commit}"]}, warnings


def _on_zero_gpu(line: str) -> str:
    """Replace the range of torch in a line of requirements.txt."""
    return f"torch{TORCH}" if re.match(r"torch\b(?!-)", line) else line


def _about_weights(weights: str | None, names: list[str]) -> str:
    """Return which weights the Space runs; ``names`` are the embedded ones."""
    if weights is None and EMBEDDED_ON_GPU in names:
        return (
            f"This Space runs the weights in `checkpoints/{EMBEDDED_ON_GPU}` on a GPU and those in "
            f"`checkpoints/{EMBEDDED}` on a CPU.\n"
        )
    if weights is None:
        return f"This Space runs the weights in `checkpoints/{EMBEDDED}`.\n"
    return (
        f"This Space runs `{weights}`,\n"
        f"named in `checkpoints/{PINNED}`; the variable `{VARIABLE}` takes precedence.\n"
        "If they cannot be loaded, the page says so and runs those in `checkpoints`.\n"
    )


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder without hidden, compiled and generated files."""
    if source.is_file():
        shutil.copyfile(source, target)
    else:
        left_out = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.pyi")
        shutil.copytree(source, target, ignore=left_out)


def _write_attributes(folder: Path) -> None:
    lines = (f"{files} filter=lfs diff=lfs merge=lfs -text" for files in LARGE_FILES)
    _write(folder / ".gitattributes", lines)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
