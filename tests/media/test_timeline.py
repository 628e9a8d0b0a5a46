"""The constant rate of clips with a variable rate."""

from fractions import Fraction

import pytest

from ostnet.media.timeline import Timeline, parse_framecrc


def timeline(*times):
    return Timeline("h264", [Fraction(t).limit_denominator(1000) for t in times], len(times))


def test_times_rounded_to_milliseconds_are_steady():
    film = timeline(*(round(index / 24, 3) for index in range(200)))
    assert film.rate(Fraction(24)) == 24 and film.is_steady(Fraction(24))


def test_a_webcam_that_misses_frames_gets_a_usual_rate():
    gaps = [0.031, 0.034, 0.036, 0.033, 0.067, 0.033, 0.034, 0.1] * 20
    times = [sum(gaps[:index]) for index in range(len(gaps))]
    clip = timeline(*times)
    assert not clip.is_steady(clip.rate(Fraction(1000)))
    rate, frames = clip.layout(Fraction(1000))
    assert rate in (Fraction(30000, 1001), 30)
    assert frames == pytest.approx(float(rate) * (times[-1] + 0.034), abs=1)


def test_the_stated_rate_is_kept_where_it_is_fine_enough():
    dropped = timeline(*(index / 25 for index in range(50) if index % 10 not in (4, 5, 6)))
    assert dropped.layout(Fraction(25)) == (25, 50)
    assert timeline(0, 1 / 90, 2 / 90, 3 / 90, 1).layout(Fraction(90))[0] == 60  # at most


def test_slides_are_shown_as_long_as_they_are():
    rate, frames = timeline(0, 3, 5, 9).layout(None)
    assert frames / rate == pytest.approx(12, abs=0.1)


def test_a_jump_of_hours_gives_no_layout():
    assert timeline(*(index / 25 for index in range(50)), 9000).layout(Fraction(25)) is None


def test_a_listing_is_put_in_order_and_discarded_packets_are_left_out():
    lines = ["#tb 0: 1/100", "#codec_id 0: h264", "0, 0, 8, 4, 9, 0x1", "0, 4, 4, 4, 9, 0x2",
             "0, 8, 0, 4, 9, 0x3, F=0x4"]  # fmt: skip
    found = parse_framecrc(line.encode() for line in lines)
    assert (found.codec, found.count) == ("h264", 2)
    assert found.times == [Fraction(4, 100), Fraction(8, 100)]
    assert parse_framecrc([b"#tb 0: 1/25"]) is None


@pytest.mark.parametrize("last", [6, 11, 20])
def test_of_three_frames_the_shorter_gap_decides(last):
    """A quartile of two gaps lies below both: at 0 where one is five times the other."""
    clip = timeline(0, 1, last)
    rate, frames = clip.layout(None)
    assert rate >= 10 and frames / rate == pytest.approx(2 * last - 1, rel=0.5)
