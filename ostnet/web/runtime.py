"""onnxruntime-web, which computes the graphs in the browser: one release, checked and kept."""

from pathlib import Path

from ostnet.web.npm import Package, unpack

PACKAGE = Package(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)

FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.jspi.min.mjs",
    "ort-wasm-simd-threaded.jspi.mjs",
    "ort-wasm-simd-threaded.jspi.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
"""For processors; for WebGPU where WebAssembly can wait for promises (jspi); for other WebGPU."""

_RIGHTS = f"""\
onnxruntime-web {PACKAGE.version} (this folder): Copyright (c) Microsoft Corporation, MIT License,
https://github.com/microsoft/onnxruntime/blob/main/LICENSE
"""


def unpack_runtime(folder: Path, archive: Path | None = None) -> None:
    """Write the runtime and its licence into a folder that exists.

    Args:
        folder: gets ``FILES``.
        archive: the package as npm packs it; None: as :func:`ostnet.web.npm.unpack` finds it.

    Raises:
        InputError: as there.
    """
    unpack(PACKAGE, "dist", folder, FILES, archive)
    (folder / "LICENSE.txt").write_text(_RIGHTS, encoding="utf-8")
