"""The files of a static Hugging Face Space: the page that computes in the visitor's browser."""

from pathlib import Path

import ostnet
from ostnet.hub.front_matter import check_space, join, split
from ostnet.hub.lookup import Checkpoint
from ostnet.hub.site import export_page
from ostnet.hub.space import THROUGH_LFS
from ostnet.web.site import Site

HEADERS = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}
"""With them a browser lets the networks use several threads."""

_KEPT = ("title", "emoji", "colorFrom", "colorTo", "license", "short_description")
_ABOUT = """# OSTNet, live in your own browser

A portrait performs what you do. The networks run on your own device: nothing is uploaded.
"""


def export_static_space(folder: Path, checkpoint: Checkpoint, runtime: Path | None = None) -> Site:
    """Write a static Space, to be uploaded as it is.

    Args:
        folder: to be made; may exist if it is empty.
        checkpoint: the weights to run.
        runtime: as in :func:`ostnet.web.site.export_site`.

    Raises:
        InputError: as there, or the front matter is not what the Hub documents.
    """
    readme = Path(ostnet.__file__).resolve().parents[1] / "README.md"
    ours, _ = split(readme.read_text(encoding="utf-8"))
    values = {key: ours[key] for key in _KEPT if key in ours}
    values |= {"sdk": "static", "app_file": "index.html", "custom_headers": HEADERS}
    check_space(values)
    site = export_page(checkpoint, folder, runtime)
    (folder / "README.md").write_text(join(values, _ABOUT), encoding="utf-8")
    (folder / ".gitattributes").write_text("\n".join([*THROUGH_LFS, ""]), encoding="utf-8")
    return site
