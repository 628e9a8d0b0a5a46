"""The YAML block at the top of a README.md on the Hub, and what a Space's may say."""

import re

from ostnet.errors import InputError
from ostnet.hub.downloads import quiet_client

COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")

SPACE_KEYS = frozenset(
    "title emoji colorFrom colorTo sdk sdk_version python_version app_file app_build_command "
    "app_port base_path fullWidth header short_description thumbnail pinned license models "
    "datasets tags suggested_hardware suggested_storage startup_duration_timeout custom_headers "
    "disable_embedding hf_oauth hf_oauth_scopes hf_oauth_expiration_minutes "
    "hf_oauth_authorized_org preload_from_hub".split()
)
"""Every key that https://huggingface.co/docs/hub/spaces-config-reference lists, and ``license``,
which all repository cards have."""

_TEXT = {
    "python_version": (r"3\.\d+(\.\d+)?", "3.x or 3.x.x"),
    "sdk": ("gradio|static", "gradio or static"),
    "sdk_version": (r"\d+\.\d+\.\d+", "a version x.y.z"),
    "app_file": (r"[\w./-]+\.(py|html)", "a Python file or a page"),
    "short_description": (r".{1,60}", "at most 60 characters"),
    "colorFrom": ("|".join(COLOURS), "one of " + ", ".join(COLOURS)),
    "colorTo": ("|".join(COLOURS), "one of " + ", ".join(COLOURS)),
}
"""Key -> pattern of its value, and the pattern in words."""

_LISTS = {
    "models": r"[\w.-]+/[\w.-]+",
    "preload_from_hub": r"[\w.-]+/[\w.-]+( [\w./,-]+( [0-9a-f]{40})?)?",
}
"""Key -> pattern of each entry; a preloaded one is ``owner/repo [FILE,FILE [COMMIT]]``."""


def split(text: str) -> tuple[dict, str]:
    """A README's front matter, empty where it has none, and what follows it.

    Raises:
        InputError: a block that is no YAML mapping.
    """
    from huggingface_hub import RepoCard

    try:
        with quiet_client():
            card = RepoCard(text)
    except Exception as error:  # the YAML reader has its own errors
        raise InputError(f"README.md: the front matter cannot be read ({error})") from error
    return card.data.to_dict(), card.text.lstrip("\n")


def join(values: dict, body: str) -> str:
    """A README of both."""
    from huggingface_hub.utils import yaml_dump

    return f"---\n{yaml_dump(values, sort_keys=False)}---\n\n{body}"


def check_space(values: dict) -> None:
    """A Space's front matter against the keys and values that the Hub documents.

    Raises:
        InputError: an unknown key, or a value that the key does not take.
    """
    from huggingface_hub import SpaceHardware

    if unknown := sorted(set(values) - SPACE_KEYS):
        raise InputError(f"README.md: the Hub documents no front matter keys {unknown}")
    needed = {"title", "sdk", "app_file"}
    if values.get("sdk") != "static":
        needed.add("sdk_version")
    if missing := sorted(needed - set(values)):
        raise InputError(f"README.md: the front matter of a Space needs the keys {missing}")
    for key, (pattern, words) in _TEXT.items():
        value = values.get(key)
        if key in values and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            raise InputError(f"README.md: {key}: found {value!r}, expected {words}")
    for key, pattern in _LISTS.items():
        value = values.get(key, [])
        if not isinstance(value, list) or not all(re.fullmatch(pattern, entry) for entry in value):
            raise InputError(f"README.md: {key}: found {value!r}, expected entries like {pattern}")
    hardware = {flavour.value for flavour in SpaceHardware}
    if values.get("suggested_hardware", "cpu-basic") not in hardware:
        raise InputError(
            f"README.md: suggested_hardware: found {values['suggested_hardware']!r}, expected one "
            f"of {', '.join(sorted(hardware))}"
        )
