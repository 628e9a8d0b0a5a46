"""The Animator: one source picture, then any number of driving frames."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ostnet.animation.comparators import (
    MotionPoints,
    closed_form_scale,
    nearest_in_shape,
    relative_motion,
)
from ostnet.animation.frame import METHOD, VARIANTS, Frame, Options, variant_name
from ostnet.animation.pictures import to_picture, to_tensor, zoom
from ostnet.animation.smoothing import OneEuroFilter
from ostnet.backends import choose_backend, generator_precision
from ostnet.errors import InputError
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet, Source
from ostnet.model.scale import FIDUCIALS

FaceCheck = Callable[[np.ndarray], bool]


@dataclass(frozen=True)
class _Reading:
    """What the networks read off one driving frame; every variant shares it."""

    points: MotionPoints
    z: Tensor  # (1, code)
    scale: Tensor  # (1, 2)
    rectified: Tensor  # (1, 3, S, S)


class Animator:
    """A model bound to a device, and the source picture it animates.

    Args:
        model: an :class:`ostnet.OSTNet`; it is moved to the device and switched to evaluation.
        device: ``auto`` (CUDA where there is one, else the CPU) or any name torch knows.
        backend: a name of :data:`ostnet.backends.BACKENDS`; ``auto`` chooses by the device.

    Raises:
        InputError: an unknown back end, or a device that this machine does not have.
    """

    def __init__(self, model: OSTNet, device: str = "auto", backend: str = "auto"):
        self.device = choose_device(device)
        self.backend = choose_backend(backend, self.device)
        self.model = model.to(self.device, memory_format=torch.channels_last).eval()
        self.size = model.config.resolution
        self._base = FIDUCIALS.float().to(self.device)[None]  # (1, 12, 2)
        self._source: Source | None = None

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
        self._source = self.model.encode(to_tensor(image, self.size, self.device, "source"))

    def animate(
        self,
        frames: Iterable[np.ndarray],
        scale_transform: bool = True,
        scale_embedding: bool = True,
        options: Options = METHOD,
        has_face: FaceCheck | None = None,
        measure: bool = False,
    ) -> Iterator[Frame]:
        """Generate one frame per driving frame (uint8 RGB, any size), as they come.

        Args:
            frames: driving frames; read one at a time, none kept.
            scale_transform: rectify the driving scale before the motion is read.
            scale_embedding: give the scale code z to the generator.
            options: comparators and stress settings.
            has_face: says of each driving frame whether it shows a face; where it does not, the
                last motion is held (before the first face: the source's own pose).
            measure: also measure the generated face (``Frame.spread``), one keypoint pass more.
        """
        name = variant_name(scale_transform, scale_embedding)
        variants = self.variants(frames, [name], options, has_face, measure)
        return (made[name] for made in variants)

    def variants(
        self,
        frames: Iterable[np.ndarray],
        names: Iterable[str] = tuple(VARIANTS),
        options: Options = METHOD,
        has_face: FaceCheck | None = None,
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
        return self._variants(frames, names, options, has_face, measure)

    def find_anchor(
        self, frames: Iterable[np.ndarray], options: Options = METHOD
    ) -> MotionPoints | None:
        """The driving frame whose pose is nearest the source's, for relative motion.

        Reads every frame once and keeps none: peers' ``find_best_frame``, on this model's
        keypoints. None when there are no frames.
        """
        smooth = _smoother(options)
        readings = (self._read(self._driving(frame, options), options, smooth) for frame in frames)
        return nearest_in_shape(self.source.keypoints, (reading.points for reading in readings))

    def _variants(self, frames, names, options, has_face, measure):
        smooth, anchor = _smoother(options), options.anchor
        reading, images, sizes = None, {}, {}
        for picture in frames:
            held = has_face is not None and not has_face(picture)
            started = time.perf_counter()
            driving = self._driving(picture, options)
            fresh = not held or reading is None
            if not held:
                reading = self._read(driving, options, smooth)
                anchor = anchor or reading.points
                images = self._render(reading, self._performed(reading, options, anchor), names)
            elif reading is None:
                reading = self._rest()
                images = self._render(reading, reading.points, names)
            shown, rectified = to_picture(driving), to_picture(reading.rectified)
            ms = 1000 * (time.perf_counter() - started)
            if measure and fresh:
                sizes = {name: self._measure(image) for name, image in images.items()}
            yield {
                name: Frame(
                    image=image,
                    driving=shown,
                    rectified=rectified if VARIANTS[name][0] else shown,
                    scale=_pair(reading.scale),
                    driving_spread=_pair(spread(reading.points.raw)),
                    spread=sizes.get(name),
                    held=held,
                    ms=ms,
                )
                for name, image in images.items()
            }

    @torch.inference_mode()
    def _driving(self, picture: np.ndarray, options: Options) -> Tensor:
        """(1, 3, S, S): the driving frame as the networks see it."""
        tensor = to_tensor(picture, self.size, self.device, "driving frame")
        return zoom(tensor, options.driving_zoom)

    @torch.inference_mode()
    def _read(self, driving: Tensor, options: Options, smooth) -> _Reading:
        x_source, x_driving = self.source.keypoints, self.model.keypoints(driving)
        alignment = self.model.align(x_source, x_driving)
        fiducials = alignment.fiducials
        if options.alignment == "closed-form":
            fiducials = self._base * closed_form_scale(x_source, x_driving)[:, None]
        fiducials = self._base + smooth(fiducials - self._base)
        scale = self.model.scale.affine_scale(fiducials)
        if not self.model.config.with_scale_transform:  # an ablation trained without it
            return _Reading(MotionPoints(x_driving, x_driving), alignment.z, scale, driving)
        rectified = self.model.rectify(driving, fiducials)
        points = MotionPoints(x_driving, self.model.keypoints(rectified))
        return _Reading(points, alignment.z, scale, rectified)

    @torch.inference_mode()
    def _rest(self) -> _Reading:
        """The reading of a driving frame that is the source itself."""
        x_source = self.source.keypoints
        z = self.model.align(x_source, x_source).z
        points = MotionPoints(x_source, x_source)
        return _Reading(points, z, torch.ones(1, 2, device=self.device), self.source.image)

    def _performed(self, reading: _Reading, options: Options, anchor: MotionPoints) -> MotionPoints:
        """The keypoints that the source is to perform."""
        if options.motion == "absolute":
            return reading.points
        return MotionPoints(
            *(
                relative_motion(self.source.keypoints, points, start)
                for points, start in zip(reading.points, anchor, strict=True)
            )
        )

    @torch.inference_mode()
    def _render(
        self, reading: _Reading, performed: MotionPoints, names: list[str]
    ) -> dict[str, np.ndarray]:
        """All variants of one driving frame; dense motion runs once for variants that share it."""
        source, motions, images = self.source, {}, {}
        for name in names:
            transform, embedding = VARIANTS[name]
            if transform not in motions:
                x_driving = performed.rectified if transform else performed.raw
                motions[transform] = self.model.motion(source.small, source.keypoints, x_driving)
            z = reading.z if embedding else None
            with generator_precision(self.backend, self.device):
                image = self.model.generator(source.taps, *motions[transform], z)
            images[name] = to_picture(image)
        return images

    @torch.inference_mode()
    def _measure(self, image: np.ndarray) -> tuple[float, float]:
        """(sigma_x, sigma_y) of the keypoints found in a generated picture."""
        picture = to_tensor(image, self.size, self.device, "generated frame")
        return _pair(spread(self.model.keypoints(picture)))


def choose_device(name: str) -> torch.device:
    """``auto`` -> CUDA where there is one, else the CPU; else the named device, if it is here."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device: {name!r} cannot be used here ({str(error).splitlines()[0]}); "
            "use 'auto' or 'cpu'"
        ) from error
    return device


def _smoother(options: Options) -> Callable[[Tensor], Tensor]:
    if options.smoothing_fps is None:
        return lambda offsets: offsets
    return OneEuroFilter(options.smoothing_fps)


def _pair(values: Tensor) -> tuple[float, float]:
    x, y = values[0].tolist()
    return x, y
