"""When the frames of a video are shown, and the constant rate that says it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import quantiles

DRIFT = Fraction(1, 20)
"""Seconds by which sound and picture may part over a whole clip before a rate counts as wrong."""

DISCARDED = 0x4
"""Flag of a packet that an edit list cuts away (decoded, never shown)."""

NO_TIME = -(2**63)
"""What stands in a listing where a packet has no time."""

USUAL_RATES = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(50), Fraction(60000, 1001), Fraction(60)),
)
"""Frames per second at which a clip of variable rate is laid out."""

ENOUGH = 0.85
"""Share of its shortest usual rate that is fine enough for a clip whose times jitter."""

MOST_REPEATS = 20
"""Mean number of times that frames are repeated at most; beyond, times are taken for broken."""

SLIDES = 60
"""Seconds of a clip in which they may be repeated more often: slides are shown for long."""

SLOWEST, FASTEST = Fraction(1, 1000), Fraction(1000)
"""Frames per second between which a rate is believed."""


@dataclass(frozen=True)
class Timeline:
    """When the frames of a stream are shown."""

    codec: str
    times: list[Fraction]
    """Seconds from the file's start, in order; of frames without a time, none."""
    count: int
    """Number of frames."""

    @property
    def first(self) -> Fraction:
        """When the first frame is shown."""
        return self.times[0] if self.times else Fraction(0)

    @property
    def span(self) -> Fraction:
        """Seconds from the first frame to the last."""
        return self.times[-1] - self.first if self.times else Fraction(0)

    def rate(self, nominal: Fraction | None) -> Fraction:
        """The nominal rate where it describes the clip, else the mean rate of its frames."""
        nominal = believed(nominal)
        if self.count < 2 or self.span <= 0:
            return nominal or Fraction(25)
        if nominal and abs((self.count - 1) / nominal - self.span) <= DRIFT:
            return nominal
        mean = Fraction((self.count - 1) / self.span).limit_denominator(1001)
        return min(max(mean, SLOWEST), FASTEST)

    def is_steady(self, rate: Fraction) -> bool:
        """Whether frames at this constant rate would come within one of their own times."""
        if len(self.times) != self.count:
            return True  # nothing is known of some
        leeway = max(1 / rate, DRIFT)
        places = (self.first + index / rate for index in range(self.count))
        return all(abs(t - place) <= leeway for t, place in zip(self.times, places, strict=True))

    def layout(self, nominal: Fraction | None) -> tuple[Fraction, int] | None:
        """The constant rate at which every frame keeps its time, and how many frames that makes.

        The nominal rate where it is fine enough. None where times are too far apart to be meant.
        """
        gaps = sorted(b - a for a, b in zip(self.times, self.times[1:], strict=False) if b > a)
        if not gaps:
            return None
        # of few gaps a quartile is extrapolated, down to nothing and below
        usual = max(gaps[0], quantiles(gaps, n=4)[0]) if len(gaps) > 1 else gaps[0]
        least = min(ENOUGH / usual, USUAL_RATES[-1])
        known = (*([nominal] if nominal and nominal <= USUAL_RATES[-1] else []), *USUAL_RATES)
        rate = next(rate for rate in known if rate >= least)
        frames = max(1, round((self.span + gaps[len(gaps) // 2]) * rate))
        most = max(MOST_REPEATS * self.count, SLIDES * rate)
        return None if frames > most else (rate, frames)


def believed(rate: Fraction | None) -> Fraction | None:
    """The rate, if a clip can have it."""
    return rate if rate and SLOWEST <= rate <= FASTEST else None


_TIME_BASE = re.compile(rb"#tb 0: (\d{1,10})/([1-9]\d{0,9})\s*")
_CODEC = re.compile(rb"#codec_id 0: (\S+)\s*")
_PACKET = re.compile(
    rb"0, *-?\d{1,19}, *(-?\d{1,19}), *-?\d{1,19}, *\d+, *0x[0-9a-f]+"
    rb"(?:, *F=0x([0-9a-fA-F]{1,8}))?.*",
    re.DOTALL,
)


def parse_framecrc(lines: Iterable[bytes]) -> Timeline | None:
    """Read ffmpeg's framecrc listing: `stream, dts, pts, duration, size, crc[, F=flags]`.

    Lines of any other form say nothing, such as a last one that was cut off. None where it lists no
    frame.
    """
    time_base, codec, count, times = Fraction(1), "", 0, []
    for line in lines:
        if packet := _PACKET.fullmatch(line):
            if int(packet[2] or b"0", 16) & DISCARDED:
                continue
            count += 1
            if (shown := int(packet[1])) != NO_TIME:
                times.append(shown)
        elif said := _TIME_BASE.fullmatch(line):
            time_base = Fraction(int(said[1]), int(said[2]))
        elif said := _CODEC.fullmatch(line):
            codec = said[1].decode("ascii", "replace")
    return Timeline(codec, [time_base * t for t in sorted(times)], count) if count else None
