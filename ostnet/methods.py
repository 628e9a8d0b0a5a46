"""The methods of every table, by name: OSTNet's four variants and the methods compared.

Only this module defines what each name switches on or off.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """Switches of the scale transformation and the scale embedding."""

    scale_transform: bool
    """The source performs the rectified keypoints; else those of the driving frame."""

    scale_embedding: bool
    """The generator gets the scale code z."""

    what: str
    """Short description."""


@dataclass(frozen=True)
class Comparator:
    """Another way to read the same network's keypoints."""

    variant: str
    """Name of the variant that is generated."""

    options: Mapping[str, str]
    """Fields of ``ostnet.options.AnimateOptions`` and their values; measurements of the whole clip
    are in ``ostnet.animation.frame.ClipReference``."""

    what: str
    """Short description."""


VARIANTS: dict[str, Variant] = {
    "full": Variant(True, True, "rectified keypoints, z in the generator"),
    "no_transform": Variant(False, True, "driving keypoints as they are, z in the generator"),
    "no_embedding": Variant(True, False, "rectified keypoints, no z in the generator"),
    "neither": Variant(False, False, "driving keypoints as they are, no z in the generator"),
}
"""Run-time toggles of one network; the order of files, panes and tables."""

CLIP_SCALE, START_SCALE = ONE_SCALE = ("full_clip_scale", "full_start_scale")
POSED = ("full_position", "full_portrait")
POINTS, POSED_POINTS = ("full_points", "full_portrait_points")

COMPARATORS: dict[str, Comparator] = {
    "closed_form": Comparator(
        "full",
        {"alignment": "closed-form"},
        "as full, with fiducials diag(s) * base, s = rms(d_D) / rms(d_S) per axis, in place of "
        "T_theta's; z unchanged",
    ),
    CLIP_SCALE: Comparator(
        "full",
        {"scale_window": "clip"},
        "as full, with one scale for the whole clip, the median of ln s over the frames measured "
        "(--scale-window clip): takes out where the driver sits, keeps how they lean; z unchanged",
    ),
    START_SCALE: Comparator(
        "full",
        {"scale_window": "start"},
        "as full, with one scale for the whole clip, the median of ln s over its first second "
        "(--scale-window start): the driver begins at the portrait's size, then leaning shows; z "
        "unchanged",
    ),
    "full_position": Comparator(
        "full",
        {"pose": "position"},
        "as full, moved so that the driver's neutral pose, the median of the frames measured, lies "
        "where the source's head lies (--pose position)",
    ),
    "full_portrait": Comparator(
        "full",
        {"pose": "portrait"},
        "as full, but the source's keypoints move by what moved since the driver's neutral pose, "
        "the median of the frames measured; lips and lids open as far as the driver's (--pose "
        "portrait)",
    ),
    POINTS: Comparator(
        "full",
        {"rectify": "points"},
        "as full, with the driving keypoints divided by the scale, about the picture's centre, in "
        "place of keypoints detected in the rectified driving frame (--rectify points)",
    ),
    POSED_POINTS: Comparator(
        "full",
        {"pose": "portrait", "rectify": "points"},
        "as full_portrait, with the keypoints of full_points (--pose portrait --rectify points)",
    ),
    "anchor_relative": Comparator(
        "neither",
        {"motion": "relative"},
        "neither, with keypoint motion relative to an anchor frame (find_best_frame on normalised "
        "68 landmarks among the frames measured, adapt_movement_scale); meant for a driver of "
        "constant scale",
    ),
}
"""Other ways to read the same network's keypoints."""

SELDOM = (*ONE_SCALE, *POSED, POINTS, POSED_POINTS)
"""Methods that run only in the protocols that name them."""

COPY_SOURCE = "copy_source"

TRAINED_APART: dict[str, str] = {
    "backbone": "a network trained without the scale machinery and without augmentation",
    "backbone_augmented": "a network trained without the scale machinery, with augmentation",
}
"""Methods that need weights of their own; they run as ``neither``."""

METHODS: dict[str, str] = {
    **{name: variant.what for name, variant in VARIANTS.items()},
    COPY_SOURCE: "the source picture, unchanged",
    **{name: method.what for name, method in COMPARATORS.items()},
    **TRAINED_APART,
}
"""Name -> what it does, in the order of every table."""


def variant_name(scale_transform: bool, scale_embedding: bool) -> str:
    """Return the name of the variant with these two parts on or off."""
    wanted = bool(scale_transform), bool(scale_embedding)
    return next(name for name in VARIANTS if switches(name) == wanted)


def switches(variant: str) -> tuple[bool, bool]:
    """Return (scale_transform, scale_embedding) of a variant."""
    return VARIANTS[variant].scale_transform, VARIANTS[variant].scale_embedding
