"""The static site of a checkpoint: its networks, and its card with their terms."""

from pathlib import Path

from ostnet.hub.lookup import Checkpoint
from ostnet.model.ostnet import OSTNet
from ostnet.web.site import Site, export_site


def export_page(checkpoint: Checkpoint, folder: Path, runtime: Path | None = None) -> Site:
    """Write the page that computes in the visitor's browser.

    Args:
        checkpoint: the weights to run.
        folder: to be made; may exist if it is empty.
        runtime: as in :func:`ostnet.web.site.export_site`.

    Raises:
        InputError: as there.
        ModuleNotFoundError: as there.
    """
    model = OSTNet.from_pretrained(str(checkpoint.folder))
    return export_site(model, folder, checkpoint.name, checkpoint.folder / "README.md", runtime)
