"""Back ends by name, and the choice among them."""

import hashlib
import os
import tempfile
import warnings
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Union

from ostnet.backends.cache import cached
from ostnet.backends.device import choose_device
from ostnet.backends.digest import checkpoint_digest, code_digest, model_digest
from ostnet.backends.manifest import Manifest
from ostnet.backends.tolerances import TOLERANCES, Differences, within
from ostnet.errors import InputError
from ostnet.files import VARIABLE
from ostnet.model.ranges import NAME as RANGES
from ostnet.model.ranges import Ranges

if TYPE_CHECKING:
    import torch

    from ostnet.backends.eager import Eager
    from ostnet.backends.graphed import Graphed
    from ostnet.model.ostnet import OSTNet

Backend = Union["Eager", "Graphed"]
"""The methods of :class:`ostnet.OSTNet` that animate, for one picture at a time (batch 1).

Both take and return the model's shapes and ranges: tensors on the back end's device if
``uses_torch``, else float32 NumPy arrays. Threads may call them concurrently. ``name`` is a key of
:data:`BACKENDS`, ``transform`` has the base points and the scale of fiducials.
"""

BACKENDS = {
    "auto": "the first of these that is fast here and agrees with torch on a trial frame: "
    "openvino-bf16, openvino-int8, openvino, torch-bf16, torch",
    "torch": "eager torch in float32: the reference; on CUDA, frequent calls become CUDA graphs",
    "torch-bf16": "the same, convolutions of generator and dense motion in bfloat16; on the "
    "examples pixels differ by .17/255 in the mean, one in a thousand by more than 7/255",
    "openvino": "OpenVINO in float32, on CPUs; graphs are built at first use and cached",
    "openvino-int8": "the same with 8 bits in the generator's decoder and the flow's refinement; "
    "needs ranges.json beside the weights; on the examples pixels differ by .43/255 in the mean, "
    "one in a thousand by more than 5/255",
    "openvino-bf16": "the same with convolutions of generator and dense motion in bfloat16; on the "
    "examples pixels differ by .22/255 in the mean, one in a thousand by more than 11/255",
}


def candidates(
    name: str, device: "str | torch.device", model: "OSTNet | Path | None" = None
) -> list[str]:
    """Return the back ends that ``name`` may stand for on this device, best first.

    Raises:
        InputError: the name is unknown, or device, installation or model lack the back end.
    """
    if name not in BACKENDS:
        raise InputError(f"backend: {name!r} does not exist; choose one of {', '.join(BACKENDS)}")
    here = usable(device, model)
    if name == "auto":
        return here
    if name not in here and name.startswith("openvino"):
        if _kind(device) != "cpu":
            raise InputError(f"backend: {name} runs on cpu, not {_kind(device)}; use device cpu")
        raise InputError(f"backend: {name} {_missing(name)}; use another one, or 'auto'")
    return [name]


def _missing(name: str) -> str:
    """Return why a back end of OpenVINO cannot be used on a CPU."""
    if not _has_openvino():
        return "is not installed"
    if name == "openvino-bf16":
        return "needs a CPU with bfloat16"
    return f"needs an x86 CPU, and {RANGES} beside the weights (ostnet calibrate makes it)"


def usable(device: "str | torch.device", model: "OSTNet | Path | None" = None) -> list[str]:
    """Return the back ends for this device and, if given, this model, fastest first."""
    if _kind(device) == "cpu" and _has_openvino():
        from ostnet.backends.openvino import has_bfloat16, has_int8

        has_ranges = model is None or _ranges(model) is not None
        names = ["openvino-int8", "openvino"] if has_int8() and has_ranges else ["openvino"]
        if has_bfloat16():
            return ["openvino-bf16", *names, "torch-bf16", "torch"]
        return [*names, "torch"]
    return ["torch-bf16", "torch"] if _torch_has_bfloat16(_kind(device)) else ["torch"]


def _ranges(model: "OSTNet | Path") -> Ranges | None:
    return Ranges.beside(model) if isinstance(model, Path) else model.ranges


def _kind(device: "str | torch.device") -> str:
    return str(device).partition(":")[0]


def _torch_has_bfloat16(kind: str) -> bool:
    """Return whether the device computes bfloat16 natively (Ampere or later, AVX-512 BF16, AMX)."""
    import torch

    if kind == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return kind == "cpu" and torch.cpu._is_avx512_bf16_supported()


def load_backend(
    model: "OSTNet | Path", name: str, device: "str | torch.device", threads: int | None = None
) -> Backend:
    """Return the back end for a model.

    Args:
        model: on the device, in evaluation mode; or the folder of a checkpoint, for which torch is
            not even imported where its graphs are in the cache.
        name: in :data:`BACKENDS`; ``auto`` skips those that fail or are inaccurate, with a warning.
        device: a name that torch knows, not ``auto``.
        threads: CPU threads of one call; None: as many as torch would take.

    Raises:
        InputError: the named one does not exist or does not work here.
    """
    wanted = candidates(name, device, model)
    for one in wanted:
        if one.startswith("torch"):
            from ostnet.backends.eager import Eager

            return Eager(in_torch(model, device), choose_device(str(device)), "bf16" in one)
        try:
            return _openvino(model, one, threads or all_threads())
        except Exception as error:  # whatever fails in another library, torch works
            reason = f"{one} cannot be used ({str(error).splitlines()[0]})"
            if name != "auto":
                raise InputError(f"backend: {reason}; use 'auto' or 'torch'") from error
            warnings.warn(f"back end {reason}; trying the next one", stacklevel=2)
    raise AssertionError("torch is always among them")


def in_torch(model: "OSTNet | Path", device: "str | torch.device") -> "OSTNet":
    """Return the networks on the device and in evaluation mode; load them from a folder."""
    import torch

    from ostnet.model.ostnet import OSTNet

    if isinstance(model, Path):
        model = OSTNet.from_pretrained(str(model))
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return model.to(device).eval()


def all_threads() -> int:
    """Return the number of CPU threads: ``OMP_NUM_THREADS``, as in torch, else one per core."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    if text.isdecimal() and int(text) > 0:
        return int(text)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _openvino(model: "OSTNet | Path", name: str, threads: int) -> "Graphed":
    """Return graphs from the cache, or built and checked; raises any error."""
    from ostnet.backends.openvino import cpu_and_version

    def build_and_check(folder: Path) -> Manifest:
        from ostnet.backends.export import build_openvino
        from ostnet.backends.tolerances import differences

        networks = in_torch(model, "cpu")
        manifest = build_openvino(networks, folder, _precision(name))
        found = differences(_compiled(name, folder, threads), networks)
        manifest = replace(manifest, differences=found.to_dict())
        manifest.write(folder)
        return manifest

    weights = checkpoint_digest(model) if isinstance(model, Path) else model_digest(model)
    parts = [name, weights, code_digest(), cpu_and_version(), version("torch")]
    if name.endswith("int8") and (ranges := _ranges(model)):
        parts.append(ranges.digest)
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    try:
        folder, _ = cached(key, build_and_check)
        backend = _kept(name, folder, threads)
    except OSError as error:
        where = error.filename or "~"
        warnings.warn(
            f"cache: {where} cannot be written ({error.strerror or error}), so graphs are built at "
            f"every start, which takes seconds; set {VARIABLE} to a folder that can",
            stacklevel=1,
        )
        with tempfile.TemporaryDirectory() as place:
            build_and_check(Path(place))
            backend = _compiled(name, Path(place), threads)
    assert backend.manifest.differences is not None
    found = Differences(**backend.manifest.differences)
    if not within(found, _precision(name)):
        raise ValueError(f"it differs from torch by {found.pixel_max:.1f}/255")
    return backend


def _precision(name: str) -> str:
    """Return the lowest precision of a back end, a key of TOLERANCES."""
    suffix = name.rpartition("-")[2]
    return suffix if suffix in TOLERANCES else "f32"


def _compiled(name: str, folder: Path, threads: int, kept: Path | None = None) -> "Graphed":
    from ostnet.backends.graphed import Graphed
    from ostnet.backends.openvino import Graphs

    manifest = Manifest.read(folder)
    graphs = Graphs(folder, manifest, threads, kept)
    return Graphed(name, manifest, graphs, graphs.enlarge)


@lru_cache(maxsize=2)
def _kept(name: str, folder: Path, threads: int) -> "Graphed":
    """Share graphs between animators; the folder's name is a hash of the network."""
    return _compiled(name, folder, threads, folder / "compiled")


def _has_openvino() -> bool:
    return find_spec("openvino") is not None
