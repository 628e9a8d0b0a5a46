"""The methods of every table, by name: OSTNet's four variants and what they are compared with.

This is the one place that says what each name switches.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """How one method makes its picture."""

    keypoints: str
    """What the source performs: ``rectified`` keypoints, those of the ``driving`` frame as they
    are, ``closed_form``, ``clip_scale`` or ``start_scale`` rectified ones, or motion ``relative``
    to an anchor frame."""

    embedding: bool
    """Whether the generator gets the scale code z."""

    what: str
    """In words."""

    pose: str = "driver"
    """Reference pose, from which the head moves (``--pose``)."""


VARIANTS: dict[str, Method] = {
    "full": Method("rectified", True, "rectified keypoints, z in the generator"),
    "no_transform": Method("driving", True, "driving keypoints as they are, z in the generator"),
    "no_embedding": Method("rectified", False, "rectified keypoints, no z in the generator"),
    "neither": Method("driving", False, "driving keypoints as they are, no z in the generator"),
}
"""Run-time toggles of one network; the order of files, panes and tables."""

CLIP_SCALE, START_SCALE = ONE_SCALE = ("full_clip_scale", "full_start_scale")
POSED = ("full_position", "full_portrait")

COMPARATORS: dict[str, Method] = {
    "closed_form": Method(
        "closed_form",
        True,
        "as full, with fiducials diag(s) * base, s = rms(d_D) / rms(d_S) per axis, in place of "
        "T_theta's; z unchanged",
    ),
    CLIP_SCALE: Method(
        "clip_scale",
        True,
        "as full, with one scale for the whole clip, the median of ln s over the frames measured "
        "(--scale-window clip): takes out where the driver sits, keeps how they lean; z unchanged",
    ),
    START_SCALE: Method(
        "start_scale",
        True,
        "as full, with one scale for the whole clip, the median of ln s over its first second "
        "(--scale-window start): the driver begins at the portrait's size, then leaning shows; z "
        "unchanged",
    ),
    "full_position": Method(
        "rectified",
        True,
        "as full, moved so that the driver's neutral pose, the median of the frames measured, lies "
        "where the source's head lies (--pose position)",
        pose="position",
    ),
    "full_portrait": Method(
        "rectified",
        True,
        "as full, but the source's keypoints move by what moved since the driver's neutral pose, "
        "the median of the frames measured; lips and lids open as far as the driver's (--pose "
        "portrait)",
        pose="portrait",
    ),
    "anchor_relative": Method(
        "relative",
        False,
        "neither, with keypoint motion relative to an anchor frame (find_best_frame on normalised "
        "68 landmarks among the frames measured, adapt_movement_scale); meant for a driver of "
        "constant scale",
    ),
}
"""Other ways to read the same network's keypoints."""

PERFORMED: dict[str, Method] = {**VARIANTS, **COMPARATORS}
"""All that one network can play."""

SELDOM = (*ONE_SCALE, *POSED)
"""Methods that say something only in the protocols that name them."""

COPY_SOURCE = "copy_source"

TRAINED_APART: dict[str, str] = {
    "backbone": "a network trained without the scale machinery and without augmentation",
    "backbone_augmented": "a network trained without the scale machinery, with augmentation",
}
"""Methods that need weights of their own; they run as ``neither``."""

METHODS: dict[str, str] = {
    **{name: method.what for name, method in VARIANTS.items()},
    COPY_SOURCE: "the source picture, unchanged",
    **{name: method.what for name, method in COMPARATORS.items()},
    **TRAINED_APART,
}
"""Name -> what it does, in the order of every table."""


def variant_name(scale_transform: bool, scale_embedding: bool) -> str:
    """The variant with these two parts on or off."""
    keypoints = "rectified" if scale_transform else "driving"
    return next(
        name
        for name, method in VARIANTS.items()
        if (method.keypoints, method.embedding) == (keypoints, bool(scale_embedding))
    )


def switches(variant: str) -> tuple[bool, bool]:
    """(scale_transform, scale_embedding) of a variant."""
    return VARIANTS[variant].keypoints == "rectified", VARIANTS[variant].embedding
