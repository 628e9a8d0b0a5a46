"""The Animator: one source picture, then any number of driving frames."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ostnet import methods
from ostnet.animation import steering
from ostnet.animation.comparators import MotionPoints, nearest_in_shape, relative_motion
from ostnet.animation.frame import METHOD, Frame, Options, Shown
from ostnet.animation.pictures import to_picture, to_tensor, zoom
from ostnet.backends import load_backend
from ostnet.errors import InputError
from ostnet.methods import VARIANTS, variant_name
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet, Reading, Source, Steering

SIZES = (64, 2048)
"""Least and greatest side of the result in pixels."""


class Animator:
    """A model bound to a device, and the source picture it animates.

    Args:
        model: an :class:`ostnet.OSTNet`; it is moved to the device and switched to evaluation.
        device: ``auto`` (CUDA where there is one, else the CPU) or any name torch knows.
        backend: a name of :data:`ostnet.backends.BACKENDS`; ``auto`` takes the fastest.
        size: side of the result in pixels, 64 to 2048; None: the networks' own resolution (256),
            at which they work in any case. What a network takes from the portrait itself is as
            sharp as that.

    Raises:
        InputError: an unknown back end, a size out of range, or a device that is not here.
    """

    def __init__(
        self, model: OSTNet, device: str = "auto", backend: str = "auto", size: int | None = None
    ):
        size = model.config.resolution if size is None else size
        if not SIZES[0] <= size <= SIZES[1]:
            raise InputError(f"size: found {size}, expected {SIZES[0]} to {SIZES[1]} pixels")
        self.device = choose_device(device)
        model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.model = model.to(self.device).eval()
        self.networks = load_backend(self.model, backend, self.device)
        self.backend = self.networks.name
        self.size = size
        self.resolution = model.config.resolution
        self._source: Source | None = None
        self._portrait: Tensor | None = None  # (1, 3, size, size), if that differs

    @property
    def source(self) -> Source:
        """The encoded source.

        Raises:
            InputError: before :meth:`set_source`.
        """
        if self._source is None:
            raise InputError("source: not set; call set_source(image) before animating")
        return self._source

    @property
    def source_spread(self) -> tuple[float, float]:
        """(sigma_x, sigma_y): rms spread of the source's keypoints about their centroid."""
        return _pair(spread(self.source.keypoints))

    @torch.inference_mode()
    def set_source(self, image: np.ndarray) -> None:
        """Encode the source picture, uint8 RGB (H, W, 3): its centre square, at any size. Once."""
        small = to_tensor(image, self.resolution, self.device, "source")
        self._source = self.networks.encode(small)
        larger = self.size != self.resolution
        self._portrait = to_tensor(image, self.size, self.device, "source") if larger else None

    def animate(
        self,
        frames: Iterable[np.ndarray | Shown],
        scale_transform: bool = True,
        scale_embedding: bool = True,
        options: Options = METHOD,
        measure: bool = False,
    ) -> Iterator[Frame]:
        """Generate one frame per driving frame (uint8 RGB, any size), as they come.

        Args:
            frames: driving frames, uint8 RGB (H, W, 3) or ``Shown``; read one at a time, none kept.
                Where one shows no face the last motion is held (before the first face: the source's
                own pose).
            scale_transform: rectify the driving scale before the motion is read.
            scale_embedding: give the scale code z to the generator.
            options: comparators and stress settings.
            measure: also measure the generated face (``Frame.spread``), one keypoint pass more.
        """
        name = variant_name(scale_transform, scale_embedding)
        variants = self.variants(frames, [name], options, measure)
        return (made[name] for made in variants)

    def variants(
        self,
        frames: Iterable[np.ndarray | Shown],
        names: Iterable[str] = tuple(VARIANTS),
        options: Options = METHOD,
        measure: bool = False,
    ) -> Iterator[dict[str, Frame]]:
        """Generate several variants of each driving frame, their common work done once.

        Yields one dictionary per driving frame, name of the variant -> :class:`Frame`, in the order
        of ``names`` (of ``full``, ``no_transform``, ``no_embedding``, ``neither``). Other arguments
        as in :meth:`animate`.
        """
        names = list(names)
        unknown = [name for name in names if name not in VARIANTS]
        if unknown or not names:
            raise InputError(f"variants: found {unknown}, expected some of {', '.join(VARIANTS)}")
        _ = self.source  # complain now, not at the first frame
        return self._variants(frames, names, options, measure)

    def find_anchor(
        self, frames: Iterable[np.ndarray | Shown], options: Options = METHOD
    ) -> MotionPoints | None:
        """The driving frame whose pose is nearest the source's, for relative motion.

        Reads every frame once and keeps none: peers' ``find_best_frame``, on this model's
        keypoints. None when there are no frames.
        """
        readings = self._readings(frames, options)
        return nearest_in_shape(self.source.keypoints, map(_points, readings))

    def measure_scale(
        self, frames: Iterable[np.ndarray | Shown], options: Options = METHOD
    ) -> tuple[float, float]:
        """One driving scale for a whole clip: the median of ln s over all its frames.

        Reads every frame once and keeps none. For ``Options.clip_scale``.
        """
        readings = self._readings(frames, options)
        return steering.clip_scale(_pair(reading.alignment.scale) for reading in readings)

    def complete(self, frames: Iterable[np.ndarray | Shown], options: Options) -> Options:
        """The options with what a whole clip decides: its one scale, the anchor of its motion.

        Reads the frames once for each; they must allow a fresh reading.
        """
        if options.scale_window == "clip" and options.clip_scale is None:
            options = replace(options, clip_scale=self.measure_scale(frames, options))
        if options.motion == "relative" and options.anchor is None:
            options = replace(options, anchor=self.find_anchor(frames, options))
        return options

    def _readings(self, frames: Iterable, options: Options) -> Iterator[Reading]:
        """What the frames with a face say, one after the other."""
        steer = self._steering(options)
        for picture, face in map(_shown, frames):
            if face:
                yield self._read(self._driving(picture, options), steer)

    def _variants(self, frames, names, options, measure):
        steer, anchor = self._steering(options), options.anchor
        reading, images, sizes = None, {}, {}
        for shown_frame in frames:
            picture, face = _shown(shown_frame)
            held = not face
            started = time.perf_counter()
            driving = self._driving(picture, options)
            fresh = not held or reading is None
            if not held:
                reading = self._read(driving, steer)
                anchor = anchor or _points(reading)
                images = self._render(reading, self._performed(reading, options, anchor), names)
            elif reading is None:
                reading = self._rest()
                images = self._render(reading, _points(reading), names)
            shown, rectified = to_picture(driving), to_picture(reading.rectified)
            ms = 1000 * (time.perf_counter() - started)
            if measure and fresh:
                sizes = {name: self._measure(image) for name, image in images.items()}
            yield {
                name: Frame(
                    image=image,
                    driving=shown,
                    rectified=rectified if methods.switches(name)[0] else shown,
                    scale=_pair(reading.alignment.scale),
                    driving_spread=_pair(spread(reading.x_driving)),
                    spread=sizes.get(name),
                    held=held,
                    ms=ms,
                )
                for name, image in images.items()
            }

    @torch.inference_mode()
    def _driving(self, picture: np.ndarray, options: Options) -> Tensor:
        """(1, 3, R, R): the driving frame as the networks see it."""
        tensor = to_tensor(picture, self.resolution, self.device, "driving frame")
        return zoom(tensor, options.driving_zoom)

    def _steering(self, options: Options) -> Steering | None:
        """What takes the place of a frame's own scale; a fresh one for each reading of a clip."""
        transform, steps = self.model.scale, []
        if options.alignment == "closed-form":
            steps.append(steering.closed_form(transform))
        if options.clip_scale is not None:
            steps.append(steering.constant(transform, options.clip_scale))
        elif isinstance(options.scale_window, int):
            steps.append(steering.running_median(transform, options.scale_window))
        if options.smoothing_fps is not None:
            steps.append(steering.smoothed(transform, options.smoothing_fps))
        return steering.in_turn(*steps) if steps else None

    @torch.inference_mode()
    def _read(self, driving: Tensor, steer: Steering | None) -> Reading:
        return self.networks.read(self.source, driving, steer=steer)

    @torch.inference_mode()
    def _rest(self) -> Reading:
        """The reading of a driving frame that is the source itself."""
        x_source = self.source.keypoints
        alignment = self.model.align(x_source, x_source)
        alignment.scale = torch.ones_like(alignment.scale)
        return Reading(x_source, alignment, self.source.image, x_source)

    def _performed(self, reading: Reading, options: Options, anchor: MotionPoints) -> MotionPoints:
        """The keypoints that the source is to perform."""
        if options.motion == "absolute":
            return _points(reading)
        return MotionPoints(
            *(
                relative_motion(self.source.keypoints, points, start)
                for points, start in zip(_points(reading), anchor, strict=True)
            )
        )

    @torch.inference_mode()
    def _render(
        self, reading: Reading, performed: MotionPoints, names: list[str]
    ) -> dict[str, np.ndarray]:
        """All variants of one driving frame; dense motion runs once for variants that share it."""
        source, motions, images = self.source, {}, {}
        for name in names:
            transform, embedding = methods.switches(name)
            if transform not in motions:
                x_driving = performed.rectified if transform else performed.raw
                motions[transform] = self.networks.move(source, x_driving)
            z = reading.alignment.z if embedding else None
            rendered = self.networks.paint(source, motions[transform], z)
            image = rendered.image
            if self._portrait is not None:
                image = self.model.compose(rendered, self._portrait)
            images[name] = to_picture(image)
        return images

    @torch.inference_mode()
    def _measure(self, image: np.ndarray) -> tuple[float, float]:
        """(sigma_x, sigma_y) of the keypoints found in a generated picture."""
        picture = to_tensor(image, self.resolution, self.device, "generated frame")
        return _pair(spread(self.networks.keypoints(picture)))


def choose_device(name: str) -> torch.device:
    """``auto`` -> CUDA where there is one, else the CPU; else the named device, if it is here."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"device: {name!r} cannot be used here; use 'auto' or 'cpu'") from error
    return device


def _shown(frame: np.ndarray | Shown) -> Shown:
    return frame if isinstance(frame, Shown) else Shown(frame)


def _points(reading: Reading) -> MotionPoints:
    return MotionPoints(reading.x_driving, reading.x_rectified)


def _pair(values: Tensor) -> tuple[float, float]:
    x, y = values[0].tolist()
    return x, y
