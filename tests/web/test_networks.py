"""Two networks on one page, of which each visit downloads one; and one of them on WebGPU."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from live_page import frames_shown, wait_for_frames
from playwright.sync_api import Error, expect
from small_models import lively

from ostnet import OSTNet
from ostnet.backends.manifest import Manifest
from ostnet.cli import main
from ostnet.hub import lookup
from ostnet.web import site

pytestmark = pytest.mark.slow

BARE = "<script src='site.js'></script>"

ONE_FRAME = """async (backend) => {
  const at = (address) => new URL(address, document.baseURI);
  const { Engine } = await import(at("modules/engine.js"));
  const engine = new Engine({ backend, threads: 1, network: null }, () => {}, () => {});
  const place = await engine.ready;
  await engine.setSource("page", at("examples/portraits/eileen_collins.jpg").href);
  const { images } = await engine.animate("page", at("examples/portraits/grace_hopper.jpg").href,
    null, { variants: [[true, true]], rectify: "points" });
  engine.close();
  return [place.backend, place.network, Array.from(images[0].data)];
}"""


@pytest.fixture(scope="module")
def two(sites, tiny_weights, tmp_path_factory) -> Path:
    """A site of the tiny weights and of smaller ones, named micro; both have the tiny graphs."""
    micro = tmp_path_factory.mktemp("weights") / "ostnet-micro"
    config = replace(OSTNet.from_pretrained(tiny_weights).config, widths=(4, 8, 8))
    lively(config).save_pretrained(micro)

    def build(model, folder):
        graphs = sites / "tiny" / "graphs" / "tiny"
        for file in graphs.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        return Manifest.read(folder)

    def unpack(folder, archive):
        for file in (sites / "tiny" / "runtime").iterdir():
            (folder / file.name).symlink_to(file)

    with pytest.MonkeyPatch.context() as patch, FileLock(sites.parent / "two.lock"):
        patch.setattr(site, "build_page_graphs", build)
        patch.setattr(site, "unpack_runtime", unpack)
        words = ["--output", str(sites / "two"), "--checkpoint", f"{micro},{tiny_weights}"]
        assert (sites / "two").exists() or main(["export", "--format", "web", *words]) == 0
    return sites / "two"


@pytest.mark.usefixtures("two")
def test_a_processor_computes_the_smaller_network_and_the_other_can_be_chosen(
    visit, browser, address
):
    page, asked = visit(browser), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}two/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    assert page.evaluate("ostnet.network()") == "micro"
    assert page.evaluate("ostnet.networks") == ["tiny", "micro"], "from large to small"
    expect(page.locator("#notice")).to_contain_text("The smaller network is in use")
    assert not [url for url in asked if "/graphs/tiny/" in url and url.endswith("onnx")]

    shown = frames_shown(page)
    page.select_option("#network", label="tiny")
    wait_for_frames(page, shown + 1)
    assert page.evaluate("ostnet.network()") == "tiny"
    page.reload()
    assert page.evaluate("ostnet.network()") == "tiny", "the choice is remembered"
    page.goto(f"{address}two/?backend=wasm&threads=1&network=micro")
    assert page.evaluate("ostnet.network()") == "micro", "the address takes precedence"
    page.evaluate("ostnet.setNetwork('tiny')")
    assert page.evaluate("ostnet.network()") == "tiny"
    with pytest.raises(Error, match="network: found large, expected one of tiny, micro"):
        page.evaluate("ostnet.setNetwork('large')")


@pytest.mark.usefixtures("two")
def test_webgpu_computes_the_larger_network_as_a_processor_does(visit, equipped, address):
    """Within 2/255, on pictures of 64 x 64."""
    made = {}
    for backend in ("webgpu", "wasm"):
        page = visit(equipped, service_workers="block")
        page.route("**/bare.html", lambda route: route.fulfill(content_type="text/html", body=BARE))
        page.goto(f"{address}two/bare.html")
        used, network, pixels = page.evaluate(ONE_FRAME, backend)
        if used != backend:
            pytest.skip("this Chromium has no WebGPU, not even on a processor")
        assert network == ("tiny" if backend == "webgpu" else "micro"), "of the same graphs here"
        made[backend] = np.array(pixels, int)
    assert np.abs(made["webgpu"] - made["wasm"]).max() <= 2
    assert made["wasm"].std() > 10, "it is a picture"


def test_the_page_takes_the_smaller_embedded_weights_along(tiny_weights, tmp_path, monkeypatch):
    monkeypatch.delenv(lookup.VARIABLE, raising=False)
    lite, micro = tmp_path / "ostnet-lite", tmp_path / "ostnet-micro"
    model = OSTNet.from_pretrained(tiny_weights)
    model.save_pretrained(lite)
    monkeypatch.setattr(lookup, "embedded_folders", lambda: [lite])
    assert lookup.resolve_for_browsers() == {"ostnet-lite": lite}
    model.save_pretrained(micro)
    assert {*lookup.resolve_for_browsers()} == {"ostnet-lite", "ostnet-micro"}
    assert lookup.resolve_for_browsers(str(micro)) == {"ostnet-micro": micro}
