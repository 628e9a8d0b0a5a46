"""The frame loop, in stages, so that several frames can be processed at once.

Each stage is a generator over the one before: read the driving frame, compute the motion, paint the
variants and, if asked for, measure them. Only reading depends on earlier frames.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ostnet import methods
from ostnet.animation import steering
from ostnet.animation.comparators import like, to_numpy
from ostnet.animation.control import performed_points, points_of
from ostnet.animation.frame import (
    ClipReference,
    DrivingFrame,
    Frame,
    FrameState,
    Pair,
    as_driving_frame,
)
from ostnet.animation.pictures import centre_square, keypoint_picture, to_picture, zoom
from ostnet.animation.pose import NO_SHOT, NeutralPose, Shot
from ostnet.backends.registry import Backend
from ostnet.model.frame import Alignment, Reading, Source, Steering, spread
from ostnet.options import AnimateOptions


@dataclass(frozen=True)
class Stages:
    """The stages for one source.

    Args:
        networks: the back end.
        source: encoded by it.
        portrait: the source picture or its canvas, and the size of results, if it is not the
            networks' (see ``Backend.compose``); else None.
        opacity: its alpha channel as grey, and the size of results; None: results are opaque.
        resolution: R, the side of the networks' pictures.
        take: uint8 (H, W, 3), side, its name in errors -> (1, 3, side, side) for the networks.
    """

    networks: Backend
    source: Source
    portrait: Any
    opacity: Any
    resolution: int
    take: Callable

    def frames(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        names: list[str],
        options: AnimateOptions,
        clip: ClipReference,
        measure: bool,
        rectified: bool,
        between: Callable[[Iterator], Iterator],
    ) -> Iterator[dict[str, Frame]]:
        """Run all stages; ``between`` wraps each of them, for instance to prefetch in a thread."""
        steps = between(self.read(frames, options, clip, rectified))
        steps = between(self.move(steps, names))
        steps = between(self.paint(steps, names))
        if measure:
            steps = between(self.measure(steps))
        return finished(steps)

    def readings(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        options: AnimateOptions,
        clip: ClipReference,
    ) -> Iterator[Reading]:
        """Yield the readings of the frames that show a face."""
        steer = self._steering(options, clip)
        for frame in map(as_driving_frame, frames):
            if frame.face:
                driving = self._driving(frame.picture, options)
                yield self._read(frame, driving, steer, options, False)

    def read(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        options: AnimateOptions,
        clip: ClipReference,
        rectified: bool = True,
    ) -> Iterator[FrameState]:
        """Read each driving frame (first stage); one without a face repeats the last reading.

        ``rectified`` says whether the rectified driving frame is shown.
        """
        anchor, step, x_source = clip.anchor, None, self.source.keypoints
        pose = options.pose
        if clip.still and pose == "portrait":
            pose = "position"  # a still driver has no movement
        steer, neutral = self._references(options, clip, NO_SHOT)
        starts = [shot.first for shot in clip.shots]
        for index, frame in enumerate(map(as_driving_frame, frames)):
            started = time.perf_counter()
            if starts and (index == 0 or index in starts):
                shot = clip.shots[max(0, bisect_right(starts, index) - 1)]
                steer, neutral = self._references(options, clip, shot)
            driving = self._driving(frame.picture, options)
            if frame.face:
                reading = self._read(frame, driving, steer, options, rectified)
                anchor = anchor or points_of(reading)
                performed = performed_points(x_source, reading, options, pose, anchor, neutral)
            elif step is None:
                reading = self._rest()
                performed = points_of(reading)
            else:
                reading, performed = step.reading, None
            shown = self._driving_shown(frame, driving, options)
            rescaled = self._rescaled(frame, reading) if rectified else None
            if rectified and reading.rectified is driving:
                rescaled = shown
            ms = 1000 * (time.perf_counter() - started)
            step = FrameState(shown, rescaled, not frame.face, reading, performed, ms=ms)
            yield step

    def move(self, steps: Iterator[FrameState], names: list[str]) -> Iterator[FrameState]:
        """Compute dense motion (second stage), once for the variants that share it."""
        transforms = dict.fromkeys(methods.switches(name)[0] for name in names)
        for step in steps:
            if step.performed is not None:
                raw, rectified = step.performed
                with step.timed():
                    step.motions = {
                        transform: self.networks.move(self.source, rectified if transform else raw)
                        for transform in transforms
                    }
            yield step

    def paint(self, steps: Iterator[FrameState], names: list[str]) -> Iterator[FrameState]:
        """Paint the pictures of all variants (third stage)."""
        images = {}
        for step in steps:
            if step.performed is not None:
                with step.timed():
                    images = {name: self._painted(step, name) for name in names}
            step.images, step.motions = images, {}
            yield step

    def measure(self, steps: Iterator[FrameState]) -> Iterator[FrameState]:
        """Measure the face size in each picture (last stage)."""
        spreads = {}
        for step in steps:
            if step.performed is not None:
                spreads = {name: self._spread(image) for name, image in step.images.items()}
            step.spreads = spreads
            yield step

    def _driving(self, picture: np.ndarray, options: AnimateOptions):
        """Return the driving frame as the networks see it, (1, 3, R, R)."""
        maps = self.take(picture, self.resolution, "driving frame")
        return zoom(maps, options.driving_zoom)

    def _driving_shown(self, frame: DrivingFrame, driving, options: AnimateOptions) -> np.ndarray:
        """Return the driving frame as the networks see it, or its keypoints: uint8 (R, R, 3)."""
        if frame.keypoints is not None:
            return keypoint_picture(frame.keypoints if frame.face else None, self.resolution)
        square = centre_square(frame.picture, "driving frame")
        if len(square) == self.resolution and options.driving_zoom == (1, 1):
            return square.copy()
        return to_picture(driving)

    def _rescaled(self, frame: DrivingFrame, reading: Reading) -> np.ndarray | None:
        """Return the rectified driving frame, or its keypoints: uint8 (R, R, 3)."""
        if frame.keypoints is not None:
            return keypoint_picture(to_numpy(reading.x_rectified[0]), self.resolution)
        return None if reading.rectified is None else to_picture(reading.rectified)

    def _read(
        self,
        frame: DrivingFrame,
        driving,
        steer: Steering | None,
        options: AnimateOptions,
        rectified: bool,
    ) -> Reading:
        if frame.keypoints is not None:
            known = like(frame.keypoints[None], self.source.keypoints)
            return self.networks.read_points(self.source, known, steer)
        points = options.rectify == "points"
        return self.networks.read(
            self.source, driving, steer=steer, points=points, picture=rectified
        )

    def _rest(self) -> Reading:
        """Return the reading of a driving frame that is the source itself."""
        x_source = self.source.keypoints
        found = self.networks.align(x_source, x_source)
        alignment = Alignment(found.z, found.fiducials, found.scale * 0 + 1)
        return Reading(x_source, alignment, self.source.image, x_source)

    def _references(
        self, options: AnimateOptions, clip: ClipReference, shot: Shot
    ) -> tuple[Steering | None, NeutralPose]:
        """Return the steering of the scale and the neutral pose for the frames of a shot."""
        return self._steering(options, clip, shot), NeutralPose(shot.neutral, clip.second)

    def _steering(
        self, options: AnimateOptions, clip: ClipReference, shot: Shot = NO_SHOT
    ) -> Steering | None:
        """Return the steering of each frame's scale; a new one for each reading of a shot."""
        transform, steps, window = self.networks.transform, [], options.scale_window
        if options.alignment == "closed-form":
            steps.append(steering.closed_form(transform))
        if clip.scale is not None:
            steps.append(steering.constant(transform, clip.scale))
        elif shot.scale is not None:
            steps.append(steering.constant(transform, shot.scale))
        elif window == "start":
            steps.append(steering.start_median(transform, clip.second))
        elif not isinstance(window, str):
            frames = max(1, round(window * clip.fps))
            steps.append(steering.running_median(transform, frames))
        if options.scale_smoothing:
            steps.append(steering.smoothed(transform, clip.fps))
        return steering.in_turn(*steps) if steps else None

    def _painted(self, step: FrameState, name: str) -> np.ndarray:
        """Return the picture of one variant, uint8 (S, S, 3), or (S, S, 4) with alpha."""
        transform, embedding = methods.switches(name)
        z = step.reading.alignment.z if embedding else None
        rendered = self.networks.paint(self.source, step.motions[transform], z)
        image = rendered.image
        if self.portrait is not None:
            image = self.networks.compose(rendered, *self.portrait)
        if self.opacity is None:
            return to_picture(image)
        only_warped = replace(rendered, mix=rendered.painted[:, :1] * 0 + 1)
        alpha = self.networks.compose(only_warped, *self.opacity)
        return np.dstack([to_picture(image), to_picture(alpha)[..., 0]])

    def _spread(self, image: np.ndarray) -> Pair:
        """Return (sigma_x, sigma_y) of the keypoints in a generated picture."""
        picture = self.take(image[..., :3], self.resolution, "generated frame")
        return pair(spread(self.networks.keypoints(picture)))


def finished(steps: Iterable[FrameState]) -> Iterator[dict[str, Frame]]:
    """Yield the finished frames of each driving frame, by variant."""
    performed = None
    for step in steps:
        performed = step.performed or performed
        assert performed is not None  # the first step always has keypoints
        raw, rectified = (to_numpy(points[0]) for points in performed)
        reading = step.reading
        yield {
            name: Frame(
                image=image,
                driving=step.driving,
                rectified=step.rectified if methods.switches(name)[0] else step.driving,
                scale=pair(reading.alignment.scale),
                driving_spread=pair(spread(reading.x_driving)),
                spread=step.spreads.get(name),
                keypoints=rectified if methods.switches(name)[0] else raw,
                reading=reading,
                held=step.held,
                ms=step.ms,
            )
            for name, image in step.images.items()
        }


def pair(values) -> Pair:
    """Return the two numbers of a (1, 2) tensor or array."""
    x, y = values[0].tolist()
    return x, y
