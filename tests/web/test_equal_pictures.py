"""The page computes what Python computes, on every back end."""

import base64
import os
from pathlib import Path

import numpy as np
import pytest
from live_page import PATIENT, ROOT, frames_shown, wait_for_frames, written_once
from playwright.sync_api import Page

from ostnet import Animator, OSTNet
from ostnet.hub import resolve
from ostnet.media.video import read_frames, read_image
from ostnet.methods import switches

PORTRAITS = ("eileen_collins.jpg", "grace_hopper.jpg")
DRIVING = {
    "near": ("approaching_webcam", 58, (0, 0)),
    "far": ("approaching_webcam", 145, (40, 0)),
    "speaking": ("mid_1.0_audio", 30, (0, 61)),
}
"""Name -> example clip, its frame, and rows and columns of white that are added at the frame's
end, so that it is no square."""

ANIMATE = """async ([source, frames, variants]) => {
  const text = (data) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([data]));
  });
  if (source) await ostnet.setSource(source);
  const made = [];
  for (const frame of frames) for (const [scaleTransform, scaleEmbedding] of variants) {
    const {image, scale} = await ostnet.animate(frame, {scaleTransform, scaleEmbedding});
    made.push([await text(image.data), scale]);
  }
  return made;
}"""

SHOWN = "document.querySelector('[data-pane=result] canvas').toDataURL()"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def drivers(sites) -> list[Path]:
    """The frames of ``DRIVING``, beside the sites."""
    made = {}
    for name, (clip, index, (rows, columns)) in DRIVING.items():
        frames = list(read_frames(ROOT / "examples" / "driving" / f"{clip}.mp4"))
        frame = np.pad(frames[index], ((0, rows), (0, columns), (0, 0)), constant_values=255)
        made[f"{name}.png"] = frame
    return written_once(sites, "frames", made)


def made_by(network: str, drivers: list[Path], portraits: tuple[str, ...] = PORTRAITS) -> dict:
    """Portrait -> of each driver, what embedded weights make: all variants by their names."""
    weights = resolve(f"ostnet-{network}").folder
    animator = Animator(OSTNet.from_pretrained(weights), device="cpu", backend="torch")
    made = {}
    for name in portraits:
        animator.set_source(read_image(ROOT / "examples" / "portraits" / name))
        made[name] = list(animator.variants(map(read_image, drivers)))
    return made


def check(page: Page, drivers: list[Path], expected: dict) -> None:
    """Every picture is within 2/255 of Python's, every scale within .001."""
    frames = [f"../frames/{path.name}" for path in drivers]
    for name, of_drivers in expected.items():
        wanted = [
            (driver.stem, variant, frame)
            for driver, variants in zip(drivers, of_drivers, strict=True)
            for variant, frame in variants.items()
        ]
        variants = [switches(variant) for variant in of_drivers[0]]
        made = page.evaluate(ANIMATE, [f"examples/portraits/{name}", frames, variants])
        for (driver, variant, frame), (pixels, scale) in zip(wanted, made, strict=True):
            picture = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(
                *frame.image.shape[:2], 4
            )
            off = np.abs(picture[:, :, :3].astype(int) - frame.image.astype(int)).max()
            assert off <= 2, f"{name}, {driver}, {variant}: {off}/255"
            assert scale == pytest.approx(frame.scale, abs=1e-3)


@pytest.mark.parametrize(
    ("network", "threads", "portraits", "count"),
    [("lite", 1, 2, 1), ("lite", 2, 1, 3), ("micro", 1, 1, 2)],
)
def test_a_processor_computes_what_python_does(
    visit, browser, address, drivers, network, threads, portraits, count
):
    page = visit(browser)
    page.goto(f"{address}space/?backend=wasm&threads={threads}&network={network}")
    assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": threads}
    check(page, drivers[:count], made_by(network, drivers[:count], PORTRAITS[:portraits]))


def test_a_canvas_around_the_square_equals_pythons(visit, browser, address, drivers, tiny_weights):
    """A wide portrait gives real pixels, a square one its repeated edges."""
    animator = Animator(OSTNet.from_pretrained(str(tiny_weights)), device="cpu", backend="torch")
    wanted = {}
    for name in PORTRAITS:
        animator.set_source(read_image(ROOT / "examples" / "portraits" / name))
        wanted[name] = list(animator.variants(map(read_image, drivers), ["full"]))
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.evaluate("ostnet.ready")
    check(page, drivers, wanted)


def test_a_program_and_the_page_have_a_portrait_each(visit, browser, address):
    page = visit(browser)
    waiting = []  # the page's own portrait comes late
    page.route("**/portraits/eileen_collins.jpg", lambda route: waiting.append(route))
    page.goto(f"{address}tiny/?backend=wasm&threads=1", wait_until="commit")
    page.wait_for_function("globalThis.ostnet")
    program = [["examples/portraits/grace_hopper.jpg"], [(True, True)]]
    made = page.evaluate(ANIMATE, ["examples/portraits/grace_hopper.jpg", *program])
    for route in waiting:
        route.continue_()
    page.unroute("**/portraits/eileen_collins.jpg")
    wait_for_frames(page, 1)
    assert page.evaluate(ANIMATE, [None, *program]) == made

    shown, frames = page.evaluate(SHOWN), frames_shown(page)
    page.dispatch_event("#zoom", "input")  # the page's last frame once more
    wait_for_frames(page, frames + 1)
    assert page.evaluate(SHOWN) == shown


@pytest.mark.skipif(not os.environ.get(PATIENT), reason=f"a minute a frame; {PATIENT}=1 tries it")
def test_webgpu_computes_what_python_does(visit, equipped, address, drivers):
    page = visit(equipped)
    page.goto(f"{address}space/?backend=webgpu")
    assert page.evaluate("ostnet.ready") == {"backend": "webgpu", "threads": 1}
    check(page, drivers[:1], made_by("lite", drivers[:1]))
