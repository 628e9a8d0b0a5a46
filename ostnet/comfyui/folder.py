"""The folder of custom nodes that ComfyUI loads, and its example workflow."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostnet import __version__
from ostnet.comfyui.nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS
from ostnet.files import new_folder, write_text

WORKFLOW = Path("example_workflows", "ostnet.json")
"""Example in the folder; ComfyUI lists it among its templates."""

_INIT = '''"""OSTNet for ComfyUI. The nodes are in the Python package ostnet."""

from ostnet.comfyui import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
'''

_PROJECT = f"""[project]
name = "ostnet-nodes"
description = "Make a portrait perform a driving video, at the portrait's own face size"
version = "{__version__}"
license = {{ text = "Apache-2.0" }}
requires-python = ">=3.10"
dependencies = ["ostnet=={__version__}"]

# To publish at registry.comfy.org, fill in your publisher's name and the address of a picture.
[tool.comfy]
PublisherId = ""
DisplayName = "OSTNet"
Icon = ""
"""

_README = """# OSTNet for ComfyUI

A portrait performs the head movement and facial expressions of a driving video. The result keeps
the portrait's face size, even if the driver sits nearer or farther away.

1. Put this folder into `ComfyUI/custom_nodes`. Name it `ComfyUI-OSTNet`, not `ostnet`.
2. Install the package with ComfyUI's Python: `python -m pip install -r requirements.txt`. From a
   checkout, use `python -m pip install PATH` instead. Then restart ComfyUI.
3. Open the workflow `ostnet` under Templates, choose a portrait and a driving video, and press Run.

{nodes}

`pip install --upgrade ostnet` updates the nodes. The embedded weights are for non-commercial
research only. Ask the person in the portrait for consent, and say that the result is generated.
"""


def export_comfyui(folder: Path) -> None:
    """Write the folder of custom nodes.

    Args:
        folder: new or empty.

    Raises:
        InputError: the folder is not empty.
    """
    nodes = "\n".join(
        f"* **{NODE_DISPLAY_NAME_MAPPINGS[name]}**: {node.DESCRIPTION}"
        for name, node in NODE_CLASS_MAPPINGS.items()
    )
    with new_folder(folder, "dir") as stage:
        write_text(stage / "__init__.py", _INIT)
        write_text(stage / "pyproject.toml", _PROJECT)
        write_text(stage / "requirements.txt", f"ostnet=={__version__}\n")
        write_text(stage / "README.md", _README.format(nodes=nodes))
        write_text(stage / WORKFLOW, json.dumps(workflow(), indent=1) + "\n")


@dataclass(frozen=True)
class _Kind:
    """A kind of node: sockets by name with their types, and the initial values of its widgets."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    widgets: dict[str, Any]


_CORE = {
    "LoadImage": _Kind({}, {"IMAGE": "IMAGE", "MASK": "MASK"}, {"image": "", "upload": "image"}),
    "LoadVideo": _Kind({}, {"VIDEO": "VIDEO"}, {"file": "", "upload": "image"}),
    "GetVideoComponents": _Kind(
        {"video": "VIDEO"}, {"images": "IMAGE", "audio": "AUDIO", "fps": "FLOAT"}, {}
    ),
    "CreateVideo": _Kind(
        {"images": "IMAGE", "audio": "AUDIO", "fps": "FLOAT"}, {"VIDEO": "VIDEO"}, {"fps": 30}
    ),
    "SaveVideo": _Kind(
        {"video": "VIDEO"},
        {},
        {"filename_prefix": "video/OSTNet", "format": "auto", "codec": "auto"},
    ),
}
"""ComfyUI's own nodes in the workflow."""

_STEPS = (
    ("OSTNetLoad", (0, 0), {}),
    ("LoadImage", (0, 250), {}),
    ("LoadVideo", (0, 650), {}),
    ("GetVideoComponents", (350, 650), {"video": "3 VIDEO"}),
    (
        "OSTNetAnimate",
        (700, 0),
        {"model": "1 model", "portrait": "2 IMAGE", "driving": "4 images", "fps": "4 fps"},
    ),
    ("CreateVideo", (1150, 0), {"images": "5 images", "audio": "4 audio", "fps": "4 fps"}),
    ("SaveVideo", (1500, 0), {"video": "6 VIDEO"}),
)
"""Nodes of the workflow, numbered from 1: kind, place, input -> node and output that it takes."""


def workflow() -> dict[str, Any]:
    """Return the example in version 0.4 of ComfyUI's format: portrait and video in, video out."""
    links: list[list[Any]] = []
    nodes = []
    for number, (name, place, sources) in enumerate(_STEPS, 1):
        kind, sockets = _kind(name), []
        for slot, (socket, source) in enumerate(sources.items()):
            origin, output = int(source.split()[0]), source.split()[1]
            outputs = list(_kind(_STEPS[origin - 1][0]).outputs)
            type_ = kind.inputs[socket]
            links.append([len(links) + 1, origin, outputs.index(output), number, slot, type_])
            widget = {"widget": {"name": socket}} if socket in kind.widgets else {}
            sockets.append({"name": socket, "type": type_, "link": len(links), **widget})
        nodes.append(
            {
                "id": number,
                "type": name,
                "pos": list(place),
                "size": [300, 100 + 30 * len(kind.widgets)],
                "flags": {},
                "order": number - 1,
                "mode": 0,
                "inputs": sockets,
                "outputs": [{"name": n, "type": t, "links": []} for n, t in kind.outputs.items()],
                "properties": {"Node name for S&R": name},
                "widgets_values": list(kind.widgets.values()),
            }
        )
    for number, origin, slot, *_ in links:
        nodes[origin - 1]["outputs"][slot]["links"].append(number)
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _kind(name: str) -> _Kind:
    """Return one of ComfyUI's own kinds, or that of a node of this package."""
    if name in _CORE:
        return _CORE[name]
    node = NODE_CLASS_MAPPINGS[name]
    given = {key: spec for part in node.INPUT_TYPES().values() for key, spec in part.items()}
    return _Kind(
        {key: spec[0] for key, spec in given.items() if isinstance(spec[0], str)},
        dict(zip(node.RETURN_NAMES, node.RETURN_TYPES, strict=True)),
        {key: spec[1]["default"] for key, spec in given.items() if "default" in spec[1]},
    )
