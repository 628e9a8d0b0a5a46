"""The page asks no address that a visitor names.

gradio would: it downloads an input that is given as an address, and hands out any address through
its route for files. All of that goes through two functions of safehttpx.
"""

from typing import NoReturn

import gradio as gr
import safehttpx


def block_outbound() -> None:
    """From now on refuse, in this process."""
    safehttpx.get = safehttpx.async_validate_url = _refused


async def _refused(*arguments, **options) -> NoReturn:
    raise gr.Error("Addresses are not opened here. Upload the file.", print_exception=False)
