"""A file input for programs that also takes the address of a file that was sent to this page."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import gradio as gr

from ostnet.ui.visitors import cache_folder

SERVED = "/gradio_api/file="
"""Before the path of a file in the addresses under which gradio serves it."""


def program_file(label: str) -> gr.File:
    """gradio's File; an address of this page's own is not fetched but found.

    Agents send a file first and hand its address over. gradio would fetch that as it fetches any
    other, and refuses to where the page runs on the agent's own machine.
    """
    file = gr.File(label=label)
    fetch = file.async_move_resource_to_block_cache

    async def found_or_fetched(address: str | Path | None) -> str | None:
        return await fetch(sent_here(str(address)) or address)

    file.async_move_resource_to_block_cache = found_or_fetched
    return file


def sent_here(address: str) -> str | None:
    """The file in gradio's cache that an address of this page names, None for any other."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or SERVED not in parts.path:
        return None
    path = Path(unquote(parts.path.split(SERVED, 1)[1])).resolve()
    mine = path.is_relative_to(cache_folder().resolve()) and path.is_file()
    return str(path) if mine else None
