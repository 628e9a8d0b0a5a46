"""What to draw: the person (`Identity`), the moment (`FaceParams`) and smooth performances.

Lengths are in head units: half the height of the head, from crown to chin, is 1.
Colours are sRGB triples in 0..1.
"""

from dataclasses import dataclass, field, replace

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Identity:
    """A person with clothes and a wall behind. Hashable: the renderer caches by it."""

    skin: Colour = (0.87, 0.68, 0.57)
    hair: Colour = (0.24, 0.15, 0.10)
    iris: Colour = (0.33, 0.45, 0.50)
    lips: Colour = (0.76, 0.42, 0.40)
    cloth: Colour = (0.20, 0.30, 0.42)
    backdrop: Colour = (0.62, 0.66, 0.68)
    face_width: float = 1.0
    jaw_width: float = 1.0
    nose_size: float = 1.0
    eye_size: float = 1.0
    eye_spacing: float = 1.0
    brow_weight: float = 1.0
    lip_fullness: float = 1.0
    seed: int = 0
    """Pattern of strands and of skin."""


@dataclass(frozen=True)
class FaceParams:
    """One frame. Angles in radians; expressions in 0..1 unless said otherwise."""

    identity: Identity = field(default_factory=Identity)
    yaw: float = 0.0
    """Positive turns the nose towards the picture's right."""
    pitch: float = 0.0
    """Positive looks down."""
    roll: float = 0.0
    """Positive leans clockwise as seen."""
    mouth_open: float = 0.0
    smile: float = 0.0
    """-1 narrow and rounded, 0 neutral, 1 a broad smile."""
    brow_raise: float = 0.0
    """-1 frown, 0 neutral, 1 raised."""
    blink_left: float = 0.0
    """Eye on the picture's left: 0 open, 1 closed."""
    blink_right: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    """Right and down, each -1..1."""
    scale: tuple[float, float] = (1.0, 1.0)
    """A point p of the normal framing appears at scale * p + shift; 1 is a face box of about
    .54 of the picture's height."""
    shift: tuple[float, float] = (0.0, 0.0)


def random_identity(rng: np.random.Generator) -> Identity:
    """A person drawn from the generator; equal states give equal people."""
    skins = [
        (0.94, 0.79, 0.70), (0.87, 0.68, 0.57), (0.78, 0.58, 0.45),
        (0.64, 0.45, 0.34), (0.47, 0.32, 0.24), (0.36, 0.24, 0.18),
    ]  # fmt: skip
    hairs = [
        (0.10, 0.08, 0.07), (0.24, 0.15, 0.10), (0.38, 0.24, 0.14),
        (0.66, 0.48, 0.28), (0.48, 0.22, 0.12), (0.55, 0.54, 0.53),
    ]  # fmt: skip
    irises = [(0.30, 0.18, 0.10), (0.33, 0.45, 0.50), (0.35, 0.40, 0.24), (0.42, 0.29, 0.15)]
    tone = int(rng.integers(len(skins)))
    dark = tone >= 3
    skin = np.array(skins[tone]) * (rng.uniform(0.95, 1.04) + rng.uniform(-0.012, 0.012, 3))
    lips = skin * np.array([0.92, 0.66, 0.69]) + np.array([0.03, 0.0, 0.0])
    hue = rng.uniform(0, 2 * np.pi) + np.array([0.0, 2.1, 4.2])
    cloth = rng.uniform(0.2, 0.5) * (1 + 0.4 * np.cos(hue))
    hue = rng.uniform(0, 2 * np.pi) + np.array([0.0, 2.1, 4.2])
    backdrop = rng.uniform(0.35, 0.7) * (1 + 0.12 * np.cos(hue))
    return Identity(
        skin=_colour(skin),
        hair=hairs[rng.integers(2 if dark else len(hairs))],
        iris=irises[0 if dark else rng.integers(len(irises))],
        lips=_colour(lips),
        cloth=_colour(cloth),
        backdrop=_colour(backdrop),
        face_width=rng.uniform(0.94, 1.06),
        jaw_width=rng.uniform(0.9, 1.08),
        nose_size=rng.uniform(0.88, 1.12),
        eye_size=rng.uniform(0.94, 1.08),
        eye_spacing=rng.uniform(0.95, 1.05),
        brow_weight=rng.uniform(0.8, 1.2),
        lip_fullness=rng.uniform(0.85, 1.2),
        seed=int(rng.integers(1 << 30)),
    )


def random_motion(
    rng: np.random.Generator,
    frames: int,
    identity: Identity | None = None,
    fps: float = 25.0,
    amplitude: float = 1.0,
) -> list[FaceParams]:
    """A smooth, lively performance of one person: `frames` moments, scale (1, 1), no shift.

    Turns of the head reach about 25 degrees at amplitude 1; the mouth speaks in phrases, the
    eyes blink every second or three and gaze goes with the head.
    """
    identity = identity or random_identity(rng)
    time = np.arange(frames) / fps
    begin = 1 - 0.8 * np.exp(-((time / 0.7) ** 2))  # clips start nearly frontal
    yaw = np.radians(26) * amplitude * begin * _wander(rng, time, 0.34)
    pitch = np.radians(10) * amplitude * begin * _wander(rng, time, 0.55)
    roll = np.radians(8) * amplitude * begin * _wander(rng, time, 0.3)
    phrases = np.clip(1.2 + 1.6 * _wander(rng, time, 0.35), 0, 1)
    syllables = np.abs(np.sin(np.pi * np.cumsum(3.3 + 1.2 * _wander(rng, time, 0.8)) / fps))
    mouth = phrases * syllables**1.2 * (0.7 + 0.3 * _wander(rng, time, 1.1))
    smile = 0.3 + 0.45 * _wander(rng, time, 0.4) - 0.25 * phrases * _wander(rng, time, 2.0)
    brows = 0.25 + 0.75 * _wander(rng, time, 0.5)
    blink = _blinks(rng, time)
    gaze_x = np.clip(yaw * 1.2 + 0.4 * _wander(rng, time, 0.6), -1, 1)
    gaze_y = np.clip(pitch * 1.0 + 0.2 * _wander(rng, time, 0.5), -1, 1)
    still = FaceParams(identity)
    return [
        replace(
            still,
            yaw=float(yaw[i]),
            pitch=float(pitch[i]),
            roll=float(roll[i]),
            mouth_open=float(np.clip(mouth[i], 0, 1)),
            smile=float(np.clip(smile[i], -1, 1)),
            brow_raise=float(np.clip(brows[i], -1, 1)),
            blink_left=float(blink[i]),
            blink_right=float(blink[i]),
            gaze=(float(gaze_x[i]), float(gaze_y[i])),
        )
        for i in range(frames)
    ]


def _wander(rng: np.random.Generator, time: np.ndarray, rate: float) -> np.ndarray:
    """Three sines around `rate` Hz whose largest deviation over the clip is 1: (T,) -> (T,)."""
    rates = rate * rng.uniform(0.6, 1.4, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    weights = np.array([0.55, 0.35, 0.25])
    wave = np.sin(2 * np.pi * np.outer(time, rates) + phases) @ weights
    return wave / max(np.abs(wave).max(initial=0), 1e-6)


def _blinks(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Lids closing for about a quarter of a second every one to three seconds: (T,) -> (T,)."""
    closed = np.zeros_like(time)
    moment = rng.uniform(0.4, 1.4)
    while time.size and moment < time[-1]:
        closed = np.maximum(closed, np.exp(-(((time - moment) / 0.07) ** 4)))
        moment += rng.uniform(1.1, 2.8)
    return closed


def _colour(values: np.ndarray) -> Colour:
    return tuple(float(v) for v in np.clip(values, 0.02, 0.98))
