"""Accessibility of a page, as axe-core judges it."""

import functools
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from ostnet.errors import InputError
from ostnet.web.npm import Package, unpack

AXE = Package(
    "axe-core",
    "4.14.1",
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)

WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

LOOKS = [(1280, False), (1280, True), (390, False), (390, True)]
"""Widths of a desktop's and a phone's window, in light and dark."""

_FIND = """async runOnly => (await axe.run({runOnly, iframes: false})).violations
  .flatMap(({id, nodes}) => nodes.map(({target, html}) => `${id}: ${target.join(' ')} ${html}`))"""


def violations(page: Page) -> list[str]:
    """Every violation of WCAG 2.2 AA that axe-core finds on a page as it is now.

    Frames in it are left out. It waits until nothing fades in or out: what is half transparent has
    less contrast.
    """
    page.wait_for_function(
        "document.getAnimations().every(one => one.effect.getTiming().iterations === Infinity"
        " || one.playState !== 'running')"
    )
    page.evaluate(_program())
    return page.evaluate(_FIND, WCAG_22_AA)


@functools.cache
def _program() -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(AXE, "", Path(folder), ["axe.min.js"])
        except InputError as error:
            pytest.skip(f"no axe-core: {error}")
        return Path(folder, "axe.min.js").read_text(encoding="utf-8")
