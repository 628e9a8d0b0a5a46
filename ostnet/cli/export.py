"""``ostnet export``: the networks as graphs that run without this package."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra, output_folder
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
    parser = Parser("ostnet export", COMMANDS["export"])
    add = parser.add_argument
    add("--format", required=True, choices=["onnx", "openvino"], help="of the graphs")
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
    arguments = parser.parse_args(argv)

    with needs_extra("export"):
        from ostnet.backends.export import export
        from ostnet.hub import resolve
        from ostnet.model.ostnet import OSTNet

        checkpoint = resolve(arguments.checkpoint, "cpu")
        model = OSTNet.from_pretrained(str(checkpoint.folder))
        manifest = export(model, arguments.format, arguments.output)
    print(
        f"wrote {arguments.output}: {len(manifest.graphs)} graphs of {checkpoint.name}; "
        f"pixels differ from torch by {manifest.differences['pixel_max']:.3f}/255 at most; "
        "manifest.json says what each takes and gives"
    )
