"""Measurements of a whole driving clip, before it is animated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import length_hint

import numpy as np

from ostnet.animation import steering
from ostnet.animation.comparators import MotionPoints, nearest_in_shape
from ostnet.animation.frame import ClipReference, DrivingFrame
from ostnet.animation.pose import UNKNOWN_LENGTH, Shot, neutral_shot, read_shots, starting_shot
from ostnet.animation.stages import Stages, as_driving_frame, pair
from ostnet.options import AnimateOptions

Frames = Iterable[np.ndarray | DrivingFrame]


def measure_clip(
    stages: Sequence[Stages], frames: Frames, options: AnimateOptions, fps: float
) -> list[ClipReference]:
    """Return a clip's scale, anchor frame and shots, as its options need, for each source.

    Args:
        stages: of each source that the clip drives.
        frames: the clip; read once for the shots of all sources, and once for each scale and
            anchor. They must allow a fresh reading.
        options: how the motion is read.
        fps: frames per second.
    """
    clips = [ClipReference(fps, still=length_hint(frames, 2) == 1)] * len(stages)
    for at, one in enumerate(stages):
        if options.scale_window == "clip":
            readings = one.readings(frames, options, clips[at])
            scale = steering.clip_scale(pair(reading.alignment.scale) for reading in readings)
            clips[at] = replace(clips[at], scale=scale)
        if options.motion == "relative":
            clips[at] = replace(clips[at], anchor=_anchor(one, frames, options, clips[at]))
    posed = options.pose != "driver" and options.motion == "absolute"
    if posed or options.scale_window == "start":
        found = _shots(stages, frames, options, clips)
        clips = [replace(clip, shots=shots) for clip, shots in zip(clips, found, strict=True)]
    return clips


def _anchor(
    stages: Stages, frames: Frames, options: AnimateOptions, clip: ClipReference
) -> MotionPoints | None:
    """Return the driving keypoints whose pose is nearest the source's; None without frames."""
    points: Iterator[MotionPoints] = (
        MotionPoints(reading.x_driving, reading.x_rectified)
        for reading in stages.readings(frames, options, clip)
    )
    return nearest_in_shape(stages.source.keypoints, points)


def _shots(
    stages: Sequence[Stages], frames: Frames, options: AnimateOptions, clips: list[ClipReference]
) -> list[tuple[Shot, ...]]:
    """Return the neutral pose and the starting scale of each shot, for each source.

    The networks see 48 frames at most, spread over the clip, and the first of each shot; for
    ``scale_window="start"``, the first second of each shot.
    """
    start, length = options.scale_window == "start", length_hint(frames, UNKNOWN_LENGTH)
    read = read_shots(map(as_driving_frame, frames), length, clips[0].second if start else None)
    options = replace(options, scale_window="frame") if start else options
    shots: list[list[Shot]] = [[] for _ in stages]
    for first, taken in read:
        for one, clip, found in zip(stages, clips, shots, strict=True):
            if readings := list(one.readings(taken, options, clip)):
                shot = starting_shot if start else neutral_shot
                found.append(shot(first, readings))
    return [tuple(found) for found in shots]
