"""The commands that write or publish the networks, the page and a Space."""

import sys
from pathlib import Path
from typing import Any

from ostnet.cli import COMMANDS
from ostnet.cli.values import (
    existing_file,
    needs_extra,
    output_folder,
    pinned_repository,
    repository,
)
from ostnet.errors import InputError
from ostnet.flags import Parser

_CHECKPOINT: dict[str, Any] = {
    "metavar": "C",
    "help": "folder, ostnet-lite or ostnet-micro, or owner/repo[@revision] on the Hub (default: "
    "ostnet-lite)",
}


def export(argv: list[str]) -> None:
    """Write the networks as graphs that run without this package, or as a page."""
    parser = Parser("ostnet export", COMMANDS["export"])
    add = parser.add_argument
    add(
        "--format",
        required=True,
        choices=["onnx", "openvino", "web"],
        help="format of the graphs; web: a static site that runs in the visitor's browser",
    )
    add(
        "--output",
        type=output_folder,
        metavar="DIR",
        help="new or empty folder (default, for web only: the cache, where tab Live finds it)",
    )
    add(
        "--checkpoint",
        metavar="C[,C...]",
        help="folder, or owner/repo[@revision] on the Hub; for web also several, of which the "
        "visitor chooses one (default: the embedded weights)",
    )
    add(
        "--runtime",
        type=existing_file,
        metavar="FILE",
        help="for web: archive of onnxruntime-web from 'npm pack' (default: downloaded from npm)",
    )
    arguments = parser.parse_args(argv)
    web = arguments.format == "web"
    if arguments.runtime and not web:
        raise InputError("--runtime: applies only to --format web; leave it out or give that")
    if not (web or arguments.output):
        raise InputError("--output: missing but required; give a new or an empty folder")

    with needs_extra("export"):
        from ostnet.backends.export import export
        from ostnet.hub import resolve
        from ostnet.hub.lookup import resolve_for_browsers
        from ostnet.model.ostnet import OSTNet

        if web:
            from ostnet.web.site import export_site, prepare_site

            weights = resolve_for_browsers(arguments.checkpoint)
            if not arguments.output:
                return print("ready:", prepare_site(weights, arguments.runtime, _report))
            site = export_site(weights, arguments.output, arguments.runtime, _report)
            manifests, more = site.manifests, _served(site, arguments.output)
        else:
            checkpoint = resolve(arguments.checkpoint, "cpu")
            model = OSTNet.from_pretrained(str(checkpoint.folder))
            manifests = {checkpoint.name: export(model, arguments.format, arguments.output)}
            more = "manifest.json describes their inputs and outputs"
    # both export functions check their graphs with torch
    most = max((one.differences or {})["pixel_max"] for one in manifests.values())
    print(
        f"wrote {arguments.output}: {sum(len(one.graphs) for one in manifests.values())} graphs of "
        f"{' and '.join(manifests)}; pixels differ from torch by at most {most:.3f}/255; {more}"
    )


def _report(step: int, steps: int, what: str) -> None:
    print(f"[{step}/{steps}] {what}", flush=True)


def _served(site, folder: Path) -> str:
    return (
        f"a first visit loads {site.megabytes('wasm'):.0f} MB on a processor and "
        f"{site.megabytes('jspi'):.0f} MB with WebGPU; view it with: "
        f"python -m http.server --directory {folder}"
    )


def push(argv: list[str]) -> None:
    """Publish weights with their card on the Hugging Face Hub."""
    parser = Parser("ostnet push", COMMANDS["push"])
    add = parser.add_argument
    add("repo", type=repository, help="owner/repo; created if it does not exist")
    add("--checkpoint", **_CHECKPOINT)
    add("--private", action="store_true", help="make the repository private")
    add("--branch", metavar="B", help="branch, created if it does not exist (default: main)")
    arguments = parser.parse_args(argv)

    from ostnet.hub import embedded, resolve
    from ostnet.hub.publish import publish

    checkpoint = resolve(arguments.checkpoint) if arguments.checkpoint else embedded()
    commit = publish(arguments.repo, checkpoint, arguments.private, arguments.branch)
    print(f"published {checkpoint.name} as {arguments.repo}@{commit}")


def export_space(argv: list[str]) -> None:
    """Write the files of a Hugging Face Space."""
    parser = Parser("ostnet export-space", COMMANDS["export-space"])
    add = parser.add_argument
    add("dir", type=output_folder, help="new or empty folder")
    add(
        "--weights",
        type=pinned_repository,
        metavar="OWNER/REPO@COMMIT",
        help="weights on the Hub that the Space runs, at a full commit hash (default: the "
        "embedded ones, which are also its fallback)",
    )
    add(
        "--static",
        action="store_true",
        help="write a static Space: the page that computes in the visitor's browser",
    )
    add(
        "--live",
        action="store_true",
        help="include that page for tab Live, which the Space otherwise builds at each start",
    )
    arguments = parser.parse_args(argv)
    if arguments.static and arguments.weights:
        raise InputError("--weights: a static Space contains the weights; leave this out")
    if arguments.static and arguments.live:
        raise InputError("--live: a static Space is already that page; leave this out")

    if arguments.static:
        with needs_extra("export"):
            from ostnet.hub.space import export_static_space

            export_static_space(arguments.dir)
    else:
        from ostnet.hub.space import export_space

        with needs_extra("export"):
            warnings = export_space(arguments.dir, arguments.weights, arguments.live)
        for warning in warnings:
            print("ostnet: warning:", warning, file=sys.stderr)
    print(
        f"wrote {arguments.dir}; upload it with: hf upload OWNER/SPACE {arguments.dir} "
        "--repo-type space"
    )


def export_comfyui(argv: list[str]) -> None:
    """Write a folder of custom nodes for ComfyUI."""
    parser = Parser("ostnet export-comfyui", COMMANDS["export-comfyui"])
    parser.add_argument(
        "dir",
        type=output_folder,
        help="new or empty folder, such as ComfyUI/custom_nodes/ComfyUI-OSTNet",
    )
    folder = parser.parse_args(argv).dir

    from ostnet.comfyui.folder import export_comfyui

    export_comfyui(folder)
    print(f"wrote {folder}; {folder / 'README.md'} says how to use it in ComfyUI")
