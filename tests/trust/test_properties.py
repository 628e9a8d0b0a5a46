"""Any numbers, sizes and words give a result or an InputError, and nothing else."""

import contextlib
import json
import math
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from ostnet.animation.frame import Frame
from ostnet.animation.steering import clip_scale
from ostnet.animation.trace import Trace
from ostnet.cli.animate import animate
from ostnet.errors import InputError
from ostnet.flags import Parser, parse
from ostnet.media.crop import source_crop
from ostnet.media.faces import Box
from ostnet.media.probe import SMALLEST
from ostnet.media.square import Crop, centre_square, face_square, portrait_square
from ostnet.media.timeline import Timeline, parse_framecrc
from ostnet.options import AnimateOptions

few = settings(deadline=None, max_examples=60, database=None, derandomize=True)

sides = st.integers(SMALLEST, 300)
places = st.integers(-10_000, 10_000)
floats = partial(st.floats, allow_subnormal=False)  # training in this process takes them for 0
numbers = floats(-1e4, 1e4)
shares = floats(0.01, 3)


@few
@given(sides, sides, places, places, st.integers(1, 10**9), st.integers(0, 360), st.integers(1, 64))
def test_any_square_drawn_by_hand_is_cut_out_or_refused(h, w, left, top, size, roll, output):
    image = np.zeros((h, w, 3), np.uint8)
    with contextlib.suppress(InputError):
        crop, _ = source_crop(image, Crop(left, top, size, float(roll)))
        assert crop.apply(image, output).shape == (output, output, 3)


@few
@given(sides, sides, numbers, numbers, shares, shares, floats(-180, 180), st.integers(0, 3))
def test_any_face_gets_a_square_that_shows_it(h, w, x, y, wide, high, roll, turns):
    x, y = abs(x) % w, abs(y) % h
    box = Box(x, y, x + max(1, wide * w), y + max(1, high * h))
    image = np.zeros((h, w, 3), np.uint8)
    upright = (w, h) if turns % 2 else (h, w)
    for crop in (face_square(box, box.side, h, w), portrait_square(box, h, w, roll)):
        assert crop.size >= 1 and crop.apply(image, 16).shape == (16, 16, 3)
    back = centre_square(*upright).turned_back(turns, h, w)
    assert back.apply(image, 16).shape == (16, 16, 3)


rates = st.one_of(st.none(), st.builds(Fraction, st.integers(0, 10**9), st.integers(1, 10**9)))
times = st.lists(
    st.builds(Fraction, st.integers(-(2**62), 2**62), st.integers(1, 10**6)), max_size=30
)


@few
@given(times, st.integers(0, 5), rates)
def test_any_times_make_a_rate(shown, unknown, nominal):
    timeline = Timeline("h264", sorted(shown), max(1, len(shown) + unknown))
    rate = timeline.rate(nominal)
    assert rate > 0 and math.isfinite(timeline.count / rate)
    timeline.is_steady(rate)
    if layout := timeline.layout(nominal):
        fps, frames = layout
        assert 0 < fps <= 60 and 0 < frames <= max(20 * timeline.count, 60 * 60)


@few
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_listing_is_read(lines):
    head = [b"#tb 0: 1/25", b"#codec_id 0: h264"]
    rows = [b"0, 0, %d, 1, 9, 0x0" % len(line) for line in lines]
    timeline = parse_framecrc([*head, *(b"#" + line for line in lines), *rows])
    assert (timeline.count if timeline else 0) == len(rows)


@few
@given(st.text(max_size=20))
def test_any_text_of_an_option_is_read_or_refused(text):
    for word in (text, "1e300", "1e-300", "frame", "inf", "nan", "-0", "1,,"):
        for option in fields(AnimateOptions):
            with contextlib.suppress(InputError):
                AnimateOptions(**{option.name: word}).frames(100, 25)


anything = floats(allow_nan=False, allow_infinity=False, width=32)


@few
@given(st.lists(st.tuples(anything, anything), max_size=20))
def test_any_scales_have_a_median(scales):
    assert all(0 < value < math.inf for value in clip_scale(scales))


@few
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=5), anything, rates)
def test_any_measurement_is_valid_json(spreads, ms, fps):
    trace = Trace(fps or 25, spreads[0])
    picture = np.zeros((1, 1, 3), np.uint8)
    for spread in spreads:
        points = np.zeros((15, 2))
        frame = Frame(picture, picture, picture, spread, spread, spread, points, None, False, ms)
        trace.add({"full": frame})
    again = json.loads(trace.text(), parse_constant=pytest.fail)
    assert len(again["frames"]) == len(spreads)


@dataclass
class Inner:
    """Settings inside settings."""

    weight: float = 1.0


@dataclass
class Settings:
    """One field of each kind."""

    name: str = "a"
    steps: int | None = None
    stream: bool = False
    runs: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)


flags = st.sampled_from("--name --steps --stream --no-stream --runs --inner-weight".split())
words = st.lists(st.one_of(flags, st.text(max_size=8), st.integers().map(str)), max_size=6)


@few
@given(words)
def test_any_words_are_settings_or_refused(argv):
    argv = [word for word in argv if word not in ("-h", "--help")]
    with contextlib.suppress(InputError, SystemExit):
        assert isinstance(parse(Parser("example", "An example."), Settings, argv), Settings)


@few
@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_words_after_a_command_are_refused(argv):
    with pytest.raises(InputError):
        animate([*argv, "--source", "no such file"])
