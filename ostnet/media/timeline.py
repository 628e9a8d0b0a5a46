"""Presentation times of a video's frames, and the constant rate that fits them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import quantiles

DRIFT = Fraction(1, 20)
"""Largest drift between sound and picture over a clip, in seconds, for a rate to be accepted."""

DISCARDED = 0x4
"""Flag of a packet that an edit list removes (decoded, never shown)."""

NO_TIME = -(2**63)
"""Time of a packet that has none."""

USUAL_RATES = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(50), Fraction(60000, 1001), Fraction(60)),
)
"""Frames per second at which a clip of variable rate is resampled."""

ENOUGH = 0.85
"""Share of a clip's highest usual rate that suffices, since times jitter."""

MOST_REPEATS = 20
"""Largest mean number of repeats of a frame; with more, the times are considered wrong."""

SLIDES = 60
"""Length of a clip in seconds up to which more repeats are accepted: slides are shown long."""

SLOWEST, FASTEST = Fraction(1, 1000), Fraction(1000)
"""Range of plausible rates in frames per second."""


@dataclass(frozen=True)
class Timeline:
    """Presentation times of a stream."""

    codec: str
    times: list[Fraction]
    """Seconds from the file's start, in order; frames without a time are left out."""
    count: int
    """Number of frames."""

    @property
    def first(self) -> Fraction:
        """Time of the first frame."""
        return self.times[0] if self.times else Fraction(0)

    @property
    def span(self) -> Fraction:
        """Seconds from the first frame to the last."""
        return self.times[-1] - self.first if self.times else Fraction(0)

    def rate(self, nominal: Fraction | None) -> Fraction:
        """Return the nominal rate where it fits the clip, else the mean rate of its frames."""
        nominal = plausible(nominal)
        if self.count < 2 or self.span <= 0:
            return nominal or Fraction(25)
        if nominal and abs((self.count - 1) / nominal - self.span) <= DRIFT:
            return nominal
        mean = Fraction((self.count - 1) / self.span).limit_denominator(1001)
        return min(max(mean, SLOWEST), FASTEST)

    def is_steady(self, rate: Fraction) -> bool:
        """Return whether every frame at this constant rate is within one frame of its time."""
        if len(self.times) != self.count:
            return True  # some times are unknown
        leeway = max(1 / rate, DRIFT)
        places = (self.first + index / rate for index in range(self.count))
        return all(abs(t - place) <= leeway for t, place in zip(self.times, places, strict=True))

    def layout(self, nominal: Fraction | None) -> tuple[Fraction, int] | None:
        """Return a constant rate that keeps every frame's time, and its number of frames.

        The nominal rate is preferred where it is high enough. None: the times are implausible.
        """
        gaps = sorted(b - a for a, b in zip(self.times, self.times[1:], strict=False) if b > a)
        if not gaps:
            return None
        # the quartile of a few gaps is extrapolated and can be negative
        usual = max(gaps[0], quantiles(gaps, n=4)[0]) if len(gaps) > 1 else gaps[0]
        least = min(ENOUGH / usual, USUAL_RATES[-1])
        known = (*([nominal] if nominal and nominal <= USUAL_RATES[-1] else []), *USUAL_RATES)
        rate = next(rate for rate in known if rate >= least)
        frames = max(1, round((self.span + gaps[len(gaps) // 2]) * rate))
        most = max(MOST_REPEATS * self.count, SLIDES * rate)
        return None if frames > most else (rate, frames)


def plausible(rate: Fraction | None) -> Fraction | None:
    """Return the rate if it is plausible, else None."""
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

    Other lines are ignored, such as a truncated last one. Returns None without a frame.
    """
    time_base, codec, count, times = Fraction(1), "", 0, []
    for line in lines:
        if packet := _PACKET.fullmatch(line):
            if int(packet[2] or b"0", 16) & DISCARDED:
                continue
            count += 1
            if (shown := int(packet[1])) != NO_TIME:
                times.append(shown)
        elif match := _TIME_BASE.fullmatch(line):
            time_base = Fraction(int(match[1]), int(match[2]))
        elif match := _CODEC.fullmatch(line):
            codec = match[1].decode("ascii", "replace")
    return Timeline(codec, [time_base * t for t in sorted(times)], count) if count else None
