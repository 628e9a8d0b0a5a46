"""Model cards, and the YAML front matter of a README.md on the Hub."""

import json
import re
from math import prod

from ostnet.errors import InputError
from ostnet.hub.downloads import CONFIG, WEIGHTS, quiet_client
from ostnet.hub.lookup import Checkpoint

MODEL_DEFAULTS = {
    "library_name": "ostnet",
    "pipeline_tag": "image-to-video",
    "tags": ["talking-head", "face-reenactment", "image-to-video"],
}
"""Front matter of a model card, unless the checkpoint's own card overrides it."""

LICENCE = "LICENSE"
"""File of a checkpoint with the terms of its weights; the card links to it."""

SPACE_KEYS = frozenset(
    "title emoji colorFrom colorTo sdk sdk_version python_version app_file app_build_command "
    "app_port base_path fullWidth header short_description thumbnail pinned license models "
    "datasets tags suggested_hardware suggested_storage startup_duration_timeout custom_headers "
    "disable_embedding hf_oauth hf_oauth_scopes hf_oauth_expiration_minutes "
    "hf_oauth_authorized_org preload_from_hub".split()
)
"""Keys that https://huggingface.co/docs/hub/spaces-config-reference lists, and ``license``."""

_COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
_TEXT = {
    "python_version": (r"3\.\d+(\.\d+)?", "3.x or 3.x.x"),
    "sdk": ("gradio|static", "gradio or static"),
    "sdk_version": (r"\d+\.\d+\.\d+", "a version x.y.z"),
    "app_file": (r"[\w./-]+\.(py|html)", "a Python file or a page"),
    "short_description": (r".{1,60}", "at most 60 characters"),
    "colorFrom": ("|".join(_COLOURS), "one of " + ", ".join(_COLOURS)),
    "colorTo": ("|".join(_COLOURS), "one of " + ", ".join(_COLOURS)),
}
"""Key -> pattern of its value, and the pattern in words."""

_LISTS = {
    "models": r"[\w.-]+/[\w.-]+",
    "preload_from_hub": r"[\w.-]+/[\w.-]+( [\w./,-]+( [0-9a-f]{40})?)?",
}
"""Key -> pattern of each entry; a preloaded one is ``owner/repo [FILE,FILE [COMMIT]]``."""


def model_card(checkpoint: Checkpoint, repo: str) -> str:
    """Return the checkpoint's README.md, or a card made from its files, with front matter."""
    own = checkpoint.folder / "README.md"
    values, body = split(own.read_text(encoding="utf-8")) if own.is_file() else ({}, "")
    licence = {"license": "other", "license_link": LICENCE} if _has_licence(checkpoint) else {}
    defaults = MODEL_DEFAULTS | ({} if "license" in values else licence)
    return join({**defaults, **values}, body if body.strip() else _body(checkpoint, repo))


def _has_licence(checkpoint: Checkpoint) -> bool:
    return (checkpoint.folder / LICENCE).is_file()


def _body(checkpoint: Checkpoint, repo: str) -> str:
    from safetensors import safe_open

    config = json.loads((checkpoint.folder / CONFIG).read_text(encoding="utf-8"))
    with safe_open(checkpoint.folder / WEIGHTS, framework="numpy") as file:
        parameters = sum(prod(file.get_slice(name).get_shape()) for name in file.keys()) / 1e6
    measured = (
        "`metrics.json`, beside the weights, holds their measurements."
        if (checkpoint.folder / "metrics.json").is_file()
        else "No measurements come with these weights."
    )
    terms = (
        f"`{LICENCE}` states the terms of use."
        if _has_licence(checkpoint)
        else "The publisher has not stated under which terms they may be used."
    )
    return f"""# {repo.split("/")[1]}

Weights for OSTNet: one portrait and one driving clip in, a video of that person performing the clip
out, at the portrait's face size. An independent implementation of *Learning Online Scale
Transformation for Talking Head Video Generation*
([arXiv 2407.09965](https://arxiv.org/abs/2407.09965)).

```bash
ostnet animate --checkpoint {repo} --source portrait.jpg --driving clip.mp4 --output out.mp4
```

```python
from ostnet import OSTNet

model = OSTNet.from_pretrained("{repo}")
```

{parameters:.2f} million parameters, for pictures of {config["resolution"]} x {config["resolution"]}
pixels; `{CONFIG}` has the widths. {measured} The publisher has not stated how they were trained.
{terms}

Animate real people only with their consent, and never to impersonate them.
"""


def split(text: str) -> tuple[dict, str]:
    """Return a README's front matter (empty if there is none) and the text after it.

    Raises:
        InputError: the front matter is not a YAML mapping.
    """
    from huggingface_hub import RepoCard

    try:
        with quiet_client():
            card = RepoCard(text)
    except Exception as error:  # the YAML reader's error
        raise InputError(f"README.md: the front matter cannot be read ({error})") from error
    return card.data.to_dict(), card.text.lstrip("\n")


def join(values: dict, body: str) -> str:
    """Return a README with this front matter and text."""
    from huggingface_hub.utils import yaml_dump

    return f"---\n{yaml_dump(values, sort_keys=False)}---\n\n{body}"


def check_space(values: dict) -> None:
    """Check a Space's front matter against the Hub's documentation.

    Raises:
        InputError: an unknown or missing key, or a wrong value.
    """
    from huggingface_hub import SpaceHardware

    if unknown := sorted(set(values) - SPACE_KEYS):
        raise InputError(
            f"README.md: the front matter has keys that the Hub does not document: {unknown}"
        )
    needed = {"title", "sdk", "app_file"}
    if values.get("sdk") != "static":
        needed.add("sdk_version")
    if missing := sorted(needed - set(values)):
        raise InputError(f"README.md: the front matter of a Space needs the keys {missing}")
    hardware = sorted(flavour.value for flavour in SpaceHardware)
    text = {**_TEXT, "suggested_hardware": ("|".join(hardware), f"one of {', '.join(hardware)}")}
    for key, (pattern, words) in text.items():
        value = values.get(key)
        if key in values and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            raise InputError(f"README.md: {key}: found {value!r}, expected {words}")
    for key, pattern in _LISTS.items():
        value = values.get(key, [])
        if not isinstance(value, list) or not all(re.fullmatch(pattern, entry) for entry in value):
            raise InputError(f"README.md: {key}: found {value!r}, expected entries like {pattern}")
