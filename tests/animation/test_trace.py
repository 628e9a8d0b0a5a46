"""The trace document and its chart."""

import json
from fractions import Fraction

from PIL import Image

from ostnet.animation.chart import scale_chart
from ostnet.animation.frame import DrivingFrame
from ostnet.animation.trace import Trace


def make_trace(animator, driving, names) -> Trace:
    trace = Trace(Fraction(30000, 1001), animator.source_spread)
    present = iter([True, False, True, True])
    made = animator.variants(map(DrivingFrame, driving, present), names, measure=True)
    for variants in made:
        trace.add(variants)
    return trace


def test_schema(animator, driving):
    trace = make_trace(animator, driving, ["full", "neither"])
    document = json.loads(trace.text())
    assert set(document) == {"fps", "source", "frames"}
    assert abs(document["fps"] - 30000 / 1001) < 1e-9
    assert set(document["source"]) == {"sigma_x", "sigma_y"}
    assert [frame["index"] for frame in document["frames"]] == [0, 1, 2, 3]
    assert [frame["held"] for frame in document["frames"]] == [False, True, False, False]
    assert trace.held == 1
    for frame in document["frames"]:
        assert set(frame) == {"index", "held", "driving", "scale", "variants", "ms"}
        assert len(frame["scale"]) == 2
        assert set(frame["variants"]) == {"full", "neither"}
        for sigma in (frame["driving"], *frame["variants"].values()):
            assert set(sigma) == {"sigma_x", "sigma_y"}
            assert min(sigma.values()) > 0


def test_chart(animator, driving, tmp_path):
    document = make_trace(animator, driving, ["full", "no_transform"]).document
    scale_chart(document, tmp_path / "scale.png")
    with Image.open(tmp_path / "scale.png") as picture:
        assert picture.size == (1100, 700)
