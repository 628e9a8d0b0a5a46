"""``ostnet export``: the networks as graphs that run without this package, or as a page."""

from pathlib import Path

from ostnet.cli import COMMANDS
from ostnet.cli.values import existing_file, needs_extra, output_folder
from ostnet.errors import InputError
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
    parser = Parser("ostnet export", COMMANDS["export"])
    add = parser.add_argument
    add(
        "--format",
        required=True,
        choices=["onnx", "openvino", "web"],
        help="of the graphs; web: a static site that animates in the visitor's browser",
    )
    add(
        "--output",
        required=True,
        type=output_folder,
        metavar="DIR",
        help="folder to make, or an empty one",
    )
    add(
        "--checkpoint",
        metavar="C",
        help="folder, or owner/repo[@revision] on the Hub (default: the embedded weights)",
    )
    add(
        "--runtime",
        type=existing_file,
        metavar="FILE",
        help="web: onnxruntime-web as 'npm pack' packs it (default: from the npm registry)",
    )
    arguments = parser.parse_args(argv)
    web = arguments.format == "web"
    if arguments.runtime and not web:
        raise InputError("--runtime: only a site has one; leave it out or give --format web")

    with needs_extra("export"):
        from ostnet.backends.export import export
        from ostnet.hub import resolve
        from ostnet.model.ostnet import OSTNet

        checkpoint = resolve(arguments.checkpoint, "cpu")
        if web:
            from ostnet.web.site import export_site

            site = export_site(
                checkpoint.folder, checkpoint.name, arguments.output, arguments.runtime
            )
            manifest, more = site.manifest, _served(site, arguments.output)
        else:
            model = OSTNet.from_pretrained(str(checkpoint.folder))
            manifest = export(model, arguments.format, arguments.output)
            more = "manifest.json says what each takes and gives"
    print(
        f"wrote {arguments.output}: {len(manifest.graphs)} graphs of {checkpoint.name}; "
        f"pixels differ from torch by {manifest.differences['pixel_max']:.3f}/255 at most; {more}"
    )


def _served(site, folder: Path) -> str:
    return (
        f"a first visit loads {site.megabytes('wasm'):.0f} MB on a processor and "
        f"{site.megabytes('jspi'):.0f} MB with WebGPU; look at it with: "
        f"python -m http.server --directory {folder}"
    )
