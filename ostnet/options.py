"""The options of an animation: one dataclass for command line, batch tables, API, page and Python.

Flags, table columns and API parameters are made from its fields, so a new option is one new field.
Values may be texts, as a table or a command line gives them; each field is read and checked here
and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from ostnet import option_values as values
from ostnet.errors import InputError
from ostnet.methods import variant_name
from ostnet.option_values import STRONGEST

POSES = ("portrait", "position", "driver")
RECTIFY = ("picture", "points")
REGIONS = ("mouth", "eyes", "expression", "head")


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


@dataclass(frozen=True)
class AnimateOptions:
    """What an animation does with a portrait and a driving clip.

    Raises:
        InputError: a value out of its range; says what was found and what was expected.
    """

    scale_transform: bool = _option(True, values.switch, compare=False)
    """Bring every driving frame to the portrait's face size."""

    scale_embedding: bool = _option(True, values.switch, compare=False)
    """Give the generator the scale that was removed."""

    driving_zoom: tuple[float, float] = _option((1.0, 1.0), values.zoom, "SX[,SY]", span=(0.01, 5))
    """Make the driving face this many times as wide and high first, above 0, up to 5. This tests
    how well the scale is removed."""

    max_seconds: float | None = _option(None, values.none_or(values.seconds), "SECONDS")
    """Use only this many seconds from the start of the clip."""

    visible_mark: bool = _option(False, values.switch)
    """Write "AI-generated" into every frame."""

    size: int | str | None = _option(None, values.none_or(values.size), "256|512|1024|portrait")
    """Side of the result in pixels: 256, 512, 1024 or portrait (the portrait's own); empty: the
    portrait's own, but at least 256 and at most 512. The motion is always computed at 256."""

    scale_window: str | float = _option("frame", values.window, "frame|clip|start|SECONDS")
    """What the scale is measured over: frame (each by itself), clip, start (the first second) or a
    number of seconds. With clip and start, the driver's distance is removed and leaning forward
    remains visible."""

    pose: str = _option("portrait", values.choice(*POSES), "|".join(POSES))
    """Head pose: portrait (moves from the portrait's own pose), position (the driver's pose, at the
    portrait's place) or driver (the driver's pose and place, as in the paper)."""

    source_crop: str = _option("auto", values.square, "auto|none|X,Y,SIDE")
    """Square of the portrait that is animated: auto (around the face), none (the centre) or
    X,Y,SIDE (upper left corner and side, in pixels)."""

    driving_crop: str = _option("auto", values.choice("auto", "fixed", "none"), "auto|fixed|none")
    """Square of the driving clip that is read: auto, fixed (one around the face) or none (the
    centre). auto takes none where the centre frames the face well, else fixed. Where the face moves
    too far for one square, auto takes one for each shot."""

    face: int = _option(0, values.whole(0), "N")
    """Number of the face to use; 0 is the largest. Of a file with fewer faces, the largest is
    used."""

    max_frames: int | None = _option(None, values.none_or(values.whole(1)), "N")
    """Stop after this many frames."""

    alignment: str = _option(
        "learned", values.choice("learned", "closed-form"), "learned|closed-form"
    )
    """How the scale is measured: learned (T_theta) or closed-form (ratio of keypoint spreads)."""

    motion: str = _option("absolute", values.choice("absolute", "relative"), "absolute|relative")
    """Keypoint motion: absolute, or relative to the driving frame whose pose is nearest to the
    portrait's."""

    scale_smoothing: bool = _option(False, values.switch)
    """Smooth the measured scale over time with a one-euro filter."""

    paste_back: bool = _option(False, values.switch, compare=False)
    """Put the moving face back into the whole portrait."""

    rectify: str = _option("picture", values.choice(*RECTIFY), "|".join(RECTIFY))
    """How driving keypoints get the portrait's scale: picture (the driving frame is rescaled and
    its keypoints are detected again, as in the paper) or points (the keypoints are divided by the
    scale, which is faster). A motion file always uses points."""

    fps: float | None = _option(None, values.none_or(values.seconds), "N")
    """Frames per second of a driving clip that is a folder or pattern of pictures (default: 25)."""

    only: str | None = _option(None, values.none_or(values.choice(*REGIONS)), "|".join(REGIONS))
    """Transfer only the mouth, the eyes (lids and gaze), the expression (both, and brows) or the
    head's movement; the rest stays as in the portrait. Needs pose portrait."""

    mouth: float = _option(1.0, values.strength, "F", span=(0, STRONGEST))
    """Strength of the mouth's movement, 0 (the portrait's own mouth) to 1.5. Needs pose portrait,
    like the next two."""

    eyelids: float = _option(1.0, values.strength, "F", span=(0, STRONGEST))
    """Strength of the eyelids' movement, 0 (the portrait's own lids) to 1.5."""

    head: float = _option(1.0, values.strength, "F", span=(0, STRONGEST))
    """Strength of the head's movement, 0 (the portrait's own pose) to 1.5."""

    faces: str | tuple[int, ...] | None = _option(
        None, values.none_or(values.faces), "all|N,M,...", False
    )
    """Animate several faces of the portrait and put them back into it: all, or their numbers as of
    --face. One driving clip drives them all, or each has its own. The first clip sets frame rate,
    length and sound; a shorter one holds its last pose."""

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
        for name, start in (("face", 0), ("source_crop", "auto")):
            if self.faces is not None and getattr(self, name) != start:
                other = name.replace("_", "-")
                raise InputError(f"faces: cannot be combined with {other}; leave one of them out")

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
