"""The tree of files that a Hugging Face Space of this project consists of."""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ostnet
from ostnet.errors import InputError
from ostnet.hub.downloads import CONFIG, WEIGHTS, listing
from ostnet.hub.front_matter import check_space, join, split
from ostnet.hub.lookup import EMBEDDED, EMBEDDED_ON_GPU, PINNED, VARIABLE, embedded, resolve

PYTHON = "3.12"
"""Version of Python on the Space; ZeroGPU offers this one and 3.10."""

TORCH = ">=2.8,<=2.11"
"""The releases that ZeroGPU lists, of those the project runs on."""

LARGE_FILES = ("*.mp4", "*.png", "*.jpg", "*.safetensors", "*.onnx", "*.wasm")
"""What git sends through LFS; the Hub takes binary files no other way."""

THROUGH_LFS = [f"{files} filter=lfs diff=lfs merge=lfs -text" for files in LARGE_FILES]
"""Lines of ``.gitattributes``."""

LIVE = "web"
"""Folder beside app.py in which tab Live looks for the page."""

_COPIED = ("app.py", "LICENSE", "ostnet", "examples")


def export_space(folder: Path, weights: str | None = None, live: bool = False) -> list[str]:
    """Write the files of a Space, to be uploaded or pushed as they are.

    Args:
        folder: to be made; may exist if it is empty.
        weights: ``owner/repo@COMMIT`` for the Space to run, with the embedded weights as its
            fallback; None for the embedded weights alone.
        live: whether the page that computes in the visitor's browser goes along, for tab Live;
            with the weights that run here by default.

    Returns:
        Warnings: the Hub has no such weights, or could not be asked.

    Raises:
        InputError: ``folder`` is not empty, the project's own files are not at hand, the front
            matter is not what the Hub documents, or the page's runtime cannot be had.
    """
    root = Path(ostnet.__file__).resolve().parents[1]
    folder = folder.resolve()
    _refuse_place(folder, root)
    values, body = split((root / "README.md").read_text(encoding="utf-8"))
    required = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    _refuse_untested(values, required)
    values |= {"python_version": PYTHON}
    warnings = []
    if weights is not None:
        entries, warnings = _hub_entries(weights)
        values |= entries
    check_space(values)

    with _written_at_once(folder) as stage:
        for name in _COPIED:
            _copy(root / name, stage / name)
        source = embedded().folder
        names = [n for n in (EMBEDDED, EMBEDDED_ON_GPU) if source.with_name(n).is_dir()]
        for name in names:
            _copy(source.with_name(name), stage / "checkpoints" / name)
        if weights is not None:
            _write(stage / "checkpoints" / PINNED, [weights])
        if live:
            from ostnet.hub.site import export_page  # which needs what exporting needs

            export_page(resolve(None, "cpu"), stage / LIVE)
        _write(stage / "requirements.txt", map(_on_zero_gpu, required))
        _write(stage / ".gitattributes", THROUGH_LFS)
        about = _introduction(body) + _about_weights(weights, names)
        _write(stage / "README.md", [join(values, about)])
    return warnings


def _refuse_place(folder: Path, root: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"dir: {str(folder)!r} is not empty; give a new or an empty folder")
    if any(root / name in folder.parents for name in _COPIED):
        raise InputError(f"dir: {str(folder)!r} is among the files to copy; give one elsewhere")
    needed = (*_COPIED, "README.md", "requirements.txt")
    missing = [name for name in needed if not (root / name).exists()]
    if missing:
        raise InputError(
            f"project: {root} has no {', '.join(missing)}; run this from a checkout of the project"
        )


def _refuse_untested(values: dict, required: list[str]) -> None:
    """The Space's version of gradio must be one that the requirements allow."""
    from packaging.requirements import Requirement

    wanted = next(Requirement(line) for line in required if line.startswith("gradio"))
    found = str(values.get("sdk_version"))
    if not wanted.specifier.contains(found):
        raise InputError(
            f"README.md: sdk_version: found {found}, expected one that requirements.txt allows "
            f"({wanted})"
        )


def _hub_entries(weights: str) -> tuple[dict, list[str]]:
    """Front matter that fetches these weights while the Space is built."""
    repo, _, commit = weights.partition("@")
    files, warnings = [], []
    try:
        files = listing(repo, commit)
    except InputError as error:
        reason = str(error).removeprefix("checkpoint: ").split(";")[0]
        warnings = [
            f"weights: {weights} could not be looked at: {reason}; "
            "the Space can only be built once it exists"
        ]
    named = ",".join([CONFIG, WEIGHTS, *sorted(set(files) - {CONFIG, WEIGHTS})])
    return {"models": [repo], "preload_from_hub": [f"{repo} {named} {commit}"]}, warnings


def _on_zero_gpu(line: str) -> str:
    """A line of requirements.txt, with the Space's range where it is torch's."""
    return f"torch{TORCH}" if re.match(r"torch\b(?!-)", line) else line


def _introduction(body: str) -> str:
    """The project's README up to its first section."""
    return re.split(r"^## ", body, maxsplit=1, flags=re.MULTILINE)[0]


def _about_weights(weights: str | None, names: list[str]) -> str:
    """Return which weights the Space runs; ``names`` are those of the embedded ones."""
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
        "Where they cannot be had, the page says so and runs those in `checkpoints`.\n"
    )


@contextmanager
def _written_at_once(folder: Path) -> Iterator[Path]:
    """A folder beside this one whose content moves into it at the end, or never."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as stage:
        yield Path(stage)
        folder.mkdir(exist_ok=True)
        for part in Path(stage).iterdir():
            shutil.move(part, folder / part.name)


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder without hidden, compiled and generated files."""
    if source.is_file():
        shutil.copyfile(source, target)
    else:
        left_out = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.pyi")
        shutil.copytree(source, target, ignore=left_out)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
