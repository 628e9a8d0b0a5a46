"""Head pose and strengths on the page: Python's numbers, the first second, its button."""

import numpy as np
import pytest
from live_page import ROOT, frames_shown, wait_for_frames, written_once
from playwright.sync_api import Error, Page

from ostnet import Animator, OSTNet
from ostnet.animation.control import controlled, strengths
from ostnet.animation.frame import STREAM, ClipReference
from ostnet.animation.pose import NeutralPose, Shot, own_place, posed
from ostnet.animation.steering import clip_scale
from ostnet.media.video import read_frames, read_image
from ostnet.model.frame import Reading
from ostnet.options import METHOD, POSES, AnimateOptions

pytestmark = pytest.mark.slow

PORTRAIT = "examples/portraits/eileen_collins.jpg"
CLIP = ROOT / "examples" / "driving" / "mid_1.0_audio.mp4"
MOVED = {"left.png": (10, 0), "near.png": (40, 30), "last.png": (80, 10)}
"""File -> a frame of the clip, and pixels that are cut off around it."""

SHOWN = "document.querySelector('[data-pane=result] canvas').toDataURL()"

ALONE = """async ([portrait, frame, options]) => {
  if (portrait) await ostnet.setSource(portrait);
  return Array.from((await ostnet.animate(frame, options)).image.data);
}"""

BARE = "<script src='site.js'></script>"
"""A page beside the exported one, without networks of its own."""

IN_A_ROW = """async ([portrait, frames, pose, keepsScale, rectify]) => {
  const at = (address) => new URL(address, document.baseURI);
  const { Engine } = await import(at("modules/engine.js"));
  const engine = new Engine({ backend: "wasm", threads: 1 }, () => {}, () => {});
  await engine.setSource("page", at(portrait).href);
  const made = [];
  for (const [index, frame] of frames.entries()) {
    const second = { number: 0, time: index / 2, keepsScale };
    const { images } = await engine.animate("page", at(frame).href, null,
      { variants: [[true, true], [false, true]], pose, second, rectify });
    made.push(images.map((image) => Array.from(image.data)));
  }
  engine.close();
  return made;
}"""

ON_POINTS = """async ([source, driving, rectified, scales]) => {
  const at = (name) => new URL(name, document.baseURI);
  const { FirstSecond, ownPlace, posed } = await import(at("modules/pose.js"));
  const { constants } = await (await fetch(at("graphs/tiny/manifest.json"))).json();
  const points = (rows) => new Float32Array(rows.flat());
  const second = new FirstSecond(0);
  const made = [];
  for (const [index, raw] of driving.entries()) {
    const x = ownPlace(points(rectified[index]), points(raw));
    if (await second.includes(index / 2, async () => true)) {
      second.poses.set(index, x);
      second.scales.set(index, points([scales[index]]));
    }
    const neutral = second.pose(x);
    made.push(["portrait", "position", "driver"].map(
      (pose) => Array.from(posed(pose, points(source), x, neutral, constants))));
  }
  return { made, scale: Array.from(second.scale(points([[1, 1]]))) };
}"""


CONTROLLED = """async ([source, performed, control]) => {
  const at = (name) => new URL(name, document.baseURI);
  const { controlled, strengths } = await import(at("modules/control.js"));
  const { constants } = await (await fetch(at("graphs/tiny/manifest.json"))).json();
  const strength = strengths(control, constants);
  const points = (rows) => new Float32Array(rows.flat());
  return strength && Array.from(controlled(points(source), points(performed), strength, constants));
}"""

CONTROLS = [{"only": "mouth"}, {"only": "eyes", "eyelids": 1.5}, {"head": 0.5, "eyelids": 1.3}]
"""Settings of ``only`` and the strengths."""


def pictures(values: list, size: int) -> np.ndarray:
    """Pixels of pictures as the browser gives them: uint8 RGB (..., size, size, 3)."""
    pixels = np.array(values, np.uint8)
    return pixels.reshape(*pixels.shape[:-1], size, size, 4)[..., :3]


@pytest.fixture(scope="session")
def frames(sites) -> list[np.ndarray]:
    """The pictures of ``MOVED``, which also lie in folder ``moved`` beside the sites."""
    clip, made = list(read_frames(CLIP, 81)), {}
    for name, (index, cut) in MOVED.items():
        made[name] = clip[index][cut : len(clip[index]) - cut, cut : len(clip[index]) - cut]
    written_once(sites, "moved", made)
    return list(made.values())


def animator_of(folder) -> Animator:
    animator = Animator(OSTNet.from_pretrained(folder), device="cpu", backend="torch")
    animator.set_source(read_image(ROOT / PORTRAIT))
    return animator


def test_points_move_as_in_python(visit, browser, address):
    """Three frames in a row, of which two belong to the first second."""
    random = np.random.default_rng(0)
    source, *points = random.uniform(-0.5, 0.5, (7, 30, 2)).astype(np.float32)
    driving, rectified = points[:3], points[3:]
    scales = [[0.5, 0.7], [0.9, 0.6], [2.0, 2.0]]
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    given = [source, np.stack(driving), np.stack(rectified)]
    found = page.evaluate(ON_POINTS, [*(each.tolist() for each in given), scales])

    neutral = NeutralPose(None, first=2)
    for raw, own, made in zip(driving, rectified, found["made"], strict=True):
        x = own_place(Reading(raw[None], None, None, own[None]))
        rest = neutral(x)
        for pose, moved in zip(POSES, made, strict=True):
            expected = posed(pose, source[None], x, rest)[0]
            assert np.reshape(moved, (30, 2)) == pytest.approx(expected, abs=1e-6), pose
    assert found["scale"] == pytest.approx(clip_scale(scales[:2]), abs=1e-6)


def test_strengths_scale_movements_as_in_python(visit, browser, address):
    """Random points, so that lids and lips cross, and triangles are stretched beyond the limit."""
    random = np.random.default_rng(0)
    page = visit(browser)
    page.route("**/bare.html", lambda route: route.fulfill(content_type="text/html", body=BARE))
    page.goto(f"{address}tiny/bare.html")
    for control in 3 * CONTROLS:
        source, performed = random.uniform(-0.5, 0.5, (2, 30, 2)).astype(np.float32)
        found = page.evaluate(CONTROLLED, [source.tolist(), performed.tolist(), control])
        strength = strengths(AnimateOptions(**control), 30)
        expected = controlled(source, performed, strength)
        assert np.reshape(found, (30, 2)) == pytest.approx(expected, abs=1e-5), control
    assert page.evaluate(CONTROLLED, [[], [], {"only": "all", "head": 1}]) is None


@pytest.mark.parametrize(
    ("pose", "window", "rectify"),
    [
        ("portrait", "frame", "picture"),
        ("portrait", "frame", "points"),
        ("position", "start", "points"),
    ],
)
def test_frames_in_a_row_are_those_of_python(
    visit, browser, address, frames, tiny_weights, pose, window, rectify
):
    """Within 2/255; two of three frames belong to the first second."""
    options = AnimateOptions(pose=pose, scale_window=window, rectify=rectify)
    clip = ClipReference(fps=2)
    names = ["full", "no_transform"]
    made = animator_of(tiny_weights).variants(iter(frames), names, options, clip)
    expected = [[frame.image for frame in variants.values()] for variants in made]

    page = visit(browser)
    page.route("**/bare.html", lambda route: route.fulfill(content_type="text/html", body=BARE))
    page.goto(f"{address}tiny/bare.html")
    files = [f"../moved/{name}" for name in MOVED]
    given = [PORTRAIT, files, pose, window == "start", rectify]
    found = pictures(page.evaluate(IN_A_ROW, given), 64)
    off = np.abs(found.astype(int) - np.array(expected, int))
    assert off.max() <= 2


def test_a_program_may_name_a_neutral_pose(visit, browser, address, frames, tiny_weights):
    animator = animator_of(tiny_weights)
    neutral = next(animator._stages.readings(frames[:1], METHOD, STREAM))
    shots = (Shot(0, own_place(neutral)[0].numpy()),)
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")

    def made(portrait=None, **options) -> np.ndarray:
        return pictures(page.evaluate(ALONE, [portrait, "../moved/near.png", options]), 64)

    plain = made(PORTRAIT)
    assert (plain == made(pose="driver")).all()
    settings = [{"pose": "position"}, *({"pose": "portrait"} | one for one in [{}, *CONTROLS])]
    seen = []
    for setting in settings:
        options, clip = AnimateOptions(**setting), ClipReference(shots=shots)
        (expected,) = animator.animate(frames[1:2], options=options, clip=clip)
        seen.append(made(neutral="../moved/left.png", **setting))
        assert np.abs(seen[-1].astype(int) - expected.image.astype(int)).max() <= 2, setting
    assert len({each.tobytes() for each in seen}) == len(settings)
    still = made(pose="position")
    assert (still == made(pose="portrait")).all(), "nothing moves in a single picture"
    assert (still != plain).any()
    assert (made(rectify="points") != plain).any()
    for option in ("pose", "rectify"):
        with pytest.raises(Error, match=f"{option}: found sideways, expected one of p"):
            made(**{option: "sideways"})
    for wrong, message in (
        ({"only": "nose"}, "only: found nose, expected one of all, mouth"),
        ({"head": 2}, "head: found 2, expected a number from 0 to 1.5"),
        ({"pose": "position", "mouth": 0}, "pose: found position, expected one of portrait"),
    ):
        with pytest.raises(Error, match=message):
            made(**{"pose": "portrait"} | wrong)


def frozen_after_its_first_second(page: Page, address: str) -> None:
    """The page with its first clip played for more than a second, and stopped."""
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    page.click("#start")
    wait_for_frames(page, frames_shown(page) + 2)
    page.wait_for_function(f"driver.currentTime > {page.evaluate('driver.currentTime') + 1.2}")
    wait_for_frames(page, frames_shown(page) + 2)
    page.click("#start")
    page.wait_for_timeout(1000)
    shown_again(page)  # which frame it stopped at


def shown_again(page: Page) -> str:
    """The result of the present frame, once more."""
    return shown_after(page, lambda: page.dispatch_event("#transform", "change"))


def shown_after(page: Page, act) -> str:
    """The result once what ``act`` changes is shown, and nothing is computed any more."""
    before = shown = frames_shown(page)
    act()
    while shown == before or shown != frames_shown(page):
        shown = frames_shown(page)
        page.wait_for_timeout(500)
    return page.evaluate(SHOWN)


def test_the_button_takes_the_next_second_as_neutral(visit, browser, address):
    page = visit(browser)
    frozen_after_its_first_second(page, address)

    moved = shown_again(page)
    assert shown_again(page) == moved, "the first second stays"
    rest = shown_after(page, lambda: page.click("#neutral"))
    assert rest != moved
    assert shown_after(page, lambda: page.click("#neutral")) == rest

    driver = shown_after(page, lambda: page.check("#pose [value=driver]"))
    position = shown_after(page, lambda: page.check("#pose [value=position]"))
    assert len({rest, driver, position}) == 3
    page.check("#pose [value=driver]")
    assert shown_after(page, lambda: page.click("#neutral")) == driver, "has no neutral pose"


def test_strengths_are_chosen_by_keyboard(visit, browser, address):
    page = visit(browser)
    frozen_after_its_first_second(page, address)
    whole = shown_again(page)
    page.click("#strengths summary")

    def head_still():
        page.focus("#head")
        page.keyboard.press("Home")

    assert shown_after(page, head_still) != whole
    assert page.inner_text("#head-shown") == "0.00"
    still = shown_after(page, lambda: page.select_option("#only", "expression"))
    shown_after(page, lambda: page.fill("#head", "1"))
    assert page.evaluate(SHOWN) == still, "the head has no part in the expression"
    assert shown_after(page, lambda: page.select_option("#only", "all")) == whole

    page.select_option("#only", "mouth")
    driver = shown_after(page, lambda: page.check("#pose [value=driver]"))
    assert page.is_disabled("#mouth") and page.is_disabled("#only")
    assert shown_again(page) == driver


@pytest.mark.parametrize("change", ["#mirror", "#keep-scale"])
def test_another_driver_starts_another_second(visit, browser, address, change):
    """So does whatever shows the driver otherwise."""
    page = visit(browser)
    frozen_after_its_first_second(page, address)
    changed = shown_after(page, lambda: page.check(change))
    assert shown_after(page, lambda: page.click("#neutral")) == changed, "the same frame is neutral"
