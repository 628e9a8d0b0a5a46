"""The page computes what Python computes."""

import numpy as np
import pytest

from ostnet import Animator, OSTNet
from ostnet.hub import resolve
from ostnet.media.video import read_image
from ostnet.methods import switches

ANIMATE = """async ([source, driving, transform, embedding]) => {
  await ostnet.setSource(source);
  const made = await ostnet.animate(
    driving, {scaleTransform: transform, scaleEmbedding: embedding});
  return {pixels: Array.from(made.image.data), scale: made.scale};
}"""

SOURCE, DRIVING = "examples/portraits/eileen_collins.jpg", "examples/portraits/drawn.png"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("threads", [1, 2])
def test_all_variants_are_those_of_python(page, address, site, threads):
    page.goto(f"{address}?backend=wasm&threads={threads}")
    assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": threads}
    animator = Animator(OSTNet.from_pretrained(resolve().folder), device="cpu", backend="torch")
    animator.set_source(read_image(site / SOURCE))
    expected = next(animator.variants([read_image(site / DRIVING)]))
    for name, frame in expected.items():
        made = page.evaluate(ANIMATE, [SOURCE, DRIVING, *switches(name)])
        picture = np.array(made["pixels"], int).reshape(256, 256, 4)[:, :, :3]
        assert np.abs(picture - frame.image.astype(int)).max() <= 2, name
        assert made["scale"] == pytest.approx(frame.scale, abs=1e-3)


def test_the_page_animates_at_once_and_opens_again_without_a_network(page, address):
    page.goto(f"{address}?backend=wasm&threads=1")
    page.wait_for_function("Number(document.querySelector('#panes').dataset.frames) > 0")
    page.wait_for_function("document.documentElement.dataset.offline === 'ready'")
    page.context.set_offline(True)
    page.reload()
    assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": 1}
