"""The options of an animation: one dataclass for command line, batch tables, API, page and Python.

Flags, table columns and API parameters are made from its fields, so a new option is one new field.
Values may be texts, as a table or a command line gives them; each field is read and checked here
and nowhere else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from ostnet.errors import InputError
from ostnet.methods import variant_name

POSES = ("portrait", "position", "driver")
RECTIFY = ("picture", "points")
SCALE_WINDOWS = ("frame", "clip", "start")
REGIONS = ("mouth", "eyes", "expression", "head")
STRONGEST = 1.5
"""Greatest strength of a movement."""
SIZES = (256, 512, 1024)
LONGEST_WINDOW = 3600
"""Most seconds over which the driving scale is measured."""

SQUARE = r"-?\d{1,6},-?\d{1,6},[1-9]\d{0,5}"
"""Pattern of a square: left, top and side in pixels."""

_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def _option(
    default: Any,
    read: Callable[[Any], Any],
    metavar: str = "",
    compare: bool = True,
    span: tuple[float, float] = (0, 1_000_000),
):
    """Return a field; ``read`` turns a text or a value into the value, or raises ValueError.

    Args:
        default: the value of the field.
        read: its ValueError says what was expected.
        metavar: what the help shows for the value.
        compare: whether a comparison of all variants has this option too.
        span: least and greatest number that a widget offers.
    """
    metadata = {"read": read, "metavar": metavar, "compare": compare, "span": span}
    return field(default=default, metadata=metadata)


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in (*_TRUE, *_FALSE):
        raise ValueError("expected true or false")
    return str(value).lower() in _TRUE


def _choice(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    return read


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = _float(value)
        if not number >= least or number % 1:
            raise ValueError(f"expected a whole number of at least {least}")
        return int(number)

    return read


def _seconds(value: Any) -> float:
    number = _float(value)
    if not 0 < number < float("inf"):
        raise ValueError("expected a number above 0")
    return number


def _strength(value: Any) -> float:
    number = _float(value)
    if not 0 <= number <= STRONGEST:
        raise ValueError(f"expected a number from 0 to {STRONGEST}")
    return number


def _none_or(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None or value == "" else read(value)


def _size(value: Any) -> int | str:
    if value == "portrait":
        return "portrait"
    if _float(value) not in SIZES:
        raise ValueError(f"expected one of {', '.join(map(str, SIZES))}, portrait")
    return int(_float(value))


def _window(value: Any) -> str | float:
    if value in SCALE_WINDOWS:
        return value
    number = _float(value)
    if not 0 < number <= LONGEST_WINDOW:
        raise ValueError(
            f"expected {', '.join(SCALE_WINDOWS)} or a number of seconds above 0 and up to "
            f"{LONGEST_WINDOW}"
        )
    return number


def _zoom(value: Any) -> tuple[float, float]:
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    factors = [_float(part) for part in parts]
    if len(factors) not in (1, 2) or not all(0 < factor <= 5 for factor in factors):
        raise ValueError("expected S or SX,SY with numbers above 0 and up to 5")
    return factors[0], factors[-1]


def _square(value: Any) -> str:
    if value in ("auto", "none"):
        return value
    text = re.sub(r"\s", "", str(value))
    if not re.fullmatch(SQUARE, text):
        raise ValueError(
            "expected auto, none or X,Y,SIDE: a square's upper left corner and side in pixels of "
            "the portrait"
        )
    return text


def _float(value: Any) -> float:
    """Return a number, NaN for what is none."""
    try:
        return float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return float("nan")


@dataclass(frozen=True)
class AnimateOptions:
    """What an animation does with a portrait and a driving clip.

    Raises:
        InputError: a value out of its range; says what was found and what was expected.
    """

    scale_transform: bool = _option(True, _switch, compare=False)
    """Bring every driving frame to the portrait's face size."""

    scale_embedding: bool = _option(True, _switch, compare=False)
    """Give the generator the scale that was removed."""

    driving_zoom: tuple[float, float] = _option((1.0, 1.0), _zoom, "SX[,SY]", span=(0.01, 5))
    """Make the driving face this many times as wide and high first, above 0, up to 5. This tests
    how well the scale is removed."""

    max_seconds: float | None = _option(None, _none_or(_seconds), "SECONDS")
    """Use only this many seconds from the start of the clip."""

    visible_mark: bool = _option(False, _switch)
    """Write "AI-generated" into every frame."""

    size: int | str | None = _option(None, _none_or(_size), "256|512|1024|portrait")
    """Side of the result in pixels: 256, 512, 1024 or portrait (the portrait's own); empty: the
    portrait's own, but at least 256 and at most 512. The motion is always computed at 256."""

    scale_window: str | float = _option("frame", _window, "frame|clip|start|SECONDS")
    """What the scale is measured over: frame (each by itself), clip, start (the first second) or a
    number of seconds. With clip and start, the driver's distance is removed and leaning forward
    remains visible."""

    pose: str = _option("portrait", _choice(*POSES), "|".join(POSES))
    """Head pose: portrait (moves from the portrait's own pose), position (the driver's pose, at the
    portrait's place) or driver (the driver's pose and place, as in the paper)."""

    source_crop: str = _option("auto", _square, "auto|none|X,Y,SIDE")
    """Square of the portrait that is animated: auto (around the face), none (the centre) or
    X,Y,SIDE (upper left corner and side, in pixels)."""

    driving_crop: str = _option("auto", _choice("auto", "fixed", "none"), "auto|fixed|none")
    """Square of the driving clip that is read: auto, fixed (one around the face) or none (the
    centre). auto takes none where the centre frames the face well, else fixed. Where the face moves
    too far for one square, auto takes one for each shot."""

    face: int = _option(0, _whole(0), "N")
    """Number of the face to use; 0 is the largest. Of a file with fewer faces, the largest is
    used."""

    max_frames: int | None = _option(None, _none_or(_whole(1)), "N")
    """Stop after this many frames."""

    alignment: str = _option("learned", _choice("learned", "closed-form"), "learned|closed-form")
    """How the scale is measured: learned (T_theta) or closed-form (ratio of keypoint spreads)."""

    motion: str = _option("absolute", _choice("absolute", "relative"), "absolute|relative")
    """Keypoint motion: absolute, or relative to the driving frame whose pose is nearest to the
    portrait's."""

    scale_smoothing: bool = _option(False, _switch)
    """Smooth the measured scale over time with a one-euro filter."""

    paste_back: bool = _option(False, _switch, compare=False)
    """Put the moving face back into the whole portrait."""

    rectify: str = _option("picture", _choice(*RECTIFY), "|".join(RECTIFY))
    """How driving keypoints get the portrait's scale: picture (the driving frame is rescaled and
    its keypoints are detected again, as in the paper) or points (the keypoints are divided by the
    scale, which is faster). A motion file always uses points."""

    fps: float | None = _option(None, _none_or(_seconds), "N")
    """Frames per second of a driving clip that is a folder or pattern of pictures (default: 25)."""

    only: str | None = _option(None, _none_or(_choice(*REGIONS)), "|".join(REGIONS))
    """Transfer only the mouth, the eyes (lids and gaze), the expression (both, and brows) or the
    head's movement; the rest stays as in the portrait. Needs pose portrait."""

    mouth: float = _option(1.0, _strength, "F", span=(0, STRONGEST))
    """Strength of the mouth's movement, 0 (the portrait's own mouth) to 1.5. Needs pose portrait,
    like the next two."""

    eyelids: float = _option(1.0, _strength, "F", span=(0, STRONGEST))
    """Strength of the eyelids' movement, 0 (the portrait's own lids) to 1.5."""

    head: float = _option(1.0, _strength, "F", span=(0, STRONGEST))
    """Strength of the head's movement, 0 (the portrait's own pose) to 1.5."""

    def __post_init__(self):
        for one in fields(self):
            value = getattr(self, one.name)
            try:
                object.__setattr__(self, one.name, one.metadata["read"](value))
            except ValueError as error:
                name = one.name.replace("_", "-")
                raise InputError(f"{name}: found {value!r}, {error}") from None
        for name, needed in (("pose", "portrait"), ("motion", "absolute")):
            if self.controlled and (found := getattr(self, name)) != needed:
                raise InputError(
                    f"{name}: found {found!r}, expected {needed} with only, mouth, eyelids and "
                    "head, which scale the movement from the portrait's own pose"
                )

    @property
    def controlled(self) -> bool:
        """Whether a movement is left out, weakened or strengthened."""
        return self.only is not None or (self.mouth, self.eyelids, self.head) != (1, 1, 1)

    @property
    def variant(self) -> str:
        """Name of the variant that the two switches ask for."""
        return variant_name(self.scale_transform, self.scale_embedding)

    def frames(self, available: int, fps: float) -> int:
        """Return how many of a clip's ``available`` frames are used, at least 1."""
        limits = [available]
        if self.max_frames is not None:
            limits.append(self.max_frames)
        if self.max_seconds is not None:
            limits.append(max(1, round(self.max_seconds * fps)))
        return min(limits)


METHOD = AnimateOptions(pose="driver", rectify="picture")
"""The method as published."""

COMPARISON = tuple(one.name for one in fields(AnimateOptions) if one.metadata["compare"])
"""Options that a comparison of all variants has too."""


@dataclass(frozen=True)
class NetworkOptions:
    """Which weights run, and where."""

    checkpoint: str | None = None
    """Folder, ostnet-lite or ostnet-micro (embedded), or owner/repo[@revision] on the Hub (default:
    ostnet-lite)."""

    device: str = "auto"
    """auto, cpu, cuda, ..."""

    backend: str = "auto"
    """auto, openvino[-bf16|-int8], torch[-bf16]."""
