"""The Animator: one source picture, then any number of driving frames."""

import json
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ostnet.animation import pictures
from ostnet.animation.comparators import to_numpy
from ostnet.animation.control import strengths
from ostnet.animation.frame import STREAM, ClipReference, DrivingFrame, Frame
from ostnet.animation.prefetch import ahead
from ostnet.animation.reference import measure_clip
from ostnet.animation.stages import Stages, pair
from ostnet.backends import all_threads, in_torch, load_backend
from ostnet.backends.device import choose_device, is_cpu
from ostnet.config import ModelConfig
from ostnet.errors import InputError
from ostnet.media.square import Framed, centre_square
from ostnet.methods import VARIANTS, variant_name
from ostnet.model.frame import Source, spread
from ostnet.options import METHOD, AnimateOptions

if TYPE_CHECKING:
    import torch

    from ostnet.model.ostnet import OSTNet

__all__ = ["Animator", "choose_device"]

SIZES = (64, 2048)
"""Least and greatest side of the result in pixels."""


AT_ONCE = 3
"""Number of frames that the networks process at the same time with ``overlap``."""


class Animator:
    """A model bound to a device, and the source picture it animates.

    Args:
        model: an :class:`ostnet.OSTNet`, which is moved to the device and switched to evaluation;
            or the folder of a checkpoint that :func:`ostnet.hub.resolve` has found. Of a folder,
            torch is loaded only where the back end needs it.
        device: ``auto`` (CUDA where there is one, else the CPU) or any name torch knows.
        backend: a name of :data:`ostnet.backends.BACKENDS`; ``auto`` takes the fastest.
        size: side of the result in pixels, 64 to 2048; None: the networks' own resolution (256),
            at which they work in any case. What a network takes from the portrait itself is as
            sharp as that.
        overlap: work on several driving frames at once, in threads: more frames per second.
            Without it all cores work on one frame: less latency.

    Raises:
        InputError: an unknown back end, a size out of range, or a device that is not available.
    """

    def __init__(
        self,
        model: "OSTNet | Path",
        device: str = "auto",
        backend: str = "auto",
        size: int | None = None,
        overlap: bool = False,
    ):
        self.config = _config(model) if isinstance(model, Path) else model.config
        self.resolution = self.config.resolution
        self.size = _checked_size(self.resolution if size is None else size)
        self._device = "cpu" if is_cpu(device) else str(choose_device(device))
        self._model = model if isinstance(model, Path) else in_torch(model, self._device)
        threads = max(1, all_threads() // AT_ONCE) if overlap else None
        self.networks = load_backend(self._model, backend, self._device, threads)
        self.backend = self.networks.name
        self.overlap = overlap
        self._source: Source | None = None
        self._portrait = None  # the source or its canvas at another size, and that size
        self._opacity = None  # its alpha channel or that of its canvas, and the size

    @cached_property
    def model(self) -> "OSTNet":
        """The networks in torch, on the device."""
        return in_torch(self._model, self._device)

    @cached_property
    def device(self) -> "torch.device":
        """The device of the networks."""
        return choose_device(self._device)

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
        return pair(spread(self.source.keypoints))

    def set_source(self, image: np.ndarray | Framed) -> None:
        """Encode the source picture, once.

        Args:
            image: uint8 RGB (H, W, 3), whose centre square is animated, at any size; or another
                square of a picture. What the picture shows around the square is used where the
                motion uncovers it, by networks whose ``reach`` is above 1.
        """
        framed = image if isinstance(image, Framed) else _centred(image)
        share = self.config.margin(self.resolution) / self.resolution
        around = framed.around(share) if share else None
        square = framed.square
        self._opacity = None
        if (opaque := framed.opacity_framed) is not None:
            alphas = opaque.square, opaque.around(share) if share else None
            picture, canvas = self._pictures(*alphas, self.size)
            self._opacity = picture if canvas is None else canvas, (self.size, self.size)
        picture, canvas = self._pictures(square, around, self.resolution)
        bounds = None if around is None else self._numbers(around[1])
        self._source = self.networks.encode(picture, canvas, bounds)
        self._portrait = None
        if self.size != self.resolution:
            picture, canvas = self._pictures(square, around, self.size)
            self._portrait = picture if canvas is None else canvas, (self.size, self.size)

    def keypoints(self, picture: np.ndarray, zoom: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
        """Return the keypoints (K, 2) of the centre square of a picture, uint8 RGB (H, W, 3)."""
        maps = pictures.zoom(self._take(picture, self.resolution, "picture"), zoom)
        return to_numpy(self.networks.keypoints(maps)[0])

    def animate(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        scale_transform: bool = True,
        scale_embedding: bool = True,
        options: AnimateOptions = METHOD,
        clip: ClipReference = STREAM,
        measure: bool = False,
        rectified: bool = True,
    ) -> Iterator[Frame]:
        """Generate one frame per driving frame (uint8 RGB, any size), as they come.

        Args:
            frames: driving frames, uint8 RGB (H, W, 3) or ``DrivingFrame``; read one at a time,
                none kept. One without a face repeats the last motion (before the first face: the
                source's own pose).
            scale_transform: rectify the driving scale before the motion is read.
            scale_embedding: give the scale code z to the generator.
            options: how the motion is read; files, squares, sizes and switches in it are not used.
            clip: measurements of the whole clip, from :meth:`reference`.
            measure: also measure the generated face (``Frame.spread``): one more keypoint pass.
            rectified: also return the rectified driving frame (``Frame.rectified``).
        """
        name = variant_name(scale_transform, scale_embedding)
        variants = self.variants(frames, [name], options, clip, measure, rectified)
        return (made[name] for made in variants)

    def variants(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        names: Iterable[str] = tuple(VARIANTS),
        options: AnimateOptions = METHOD,
        clip: ClipReference = STREAM,
        measure: bool = False,
        rectified: bool = True,
    ) -> Iterator[dict[str, Frame]]:
        """Generate several variants of each driving frame; common work is done once.

        Yields one dictionary per driving frame, name of the variant -> :class:`Frame`, in the order
        of ``names`` (of ``full``, ``no_transform``, ``no_embedding``, ``neither``). Other arguments
        as in :meth:`animate`.
        """
        names = list(names)
        unknown = [name for name in names if name not in VARIANTS]
        if unknown or not names:
            raise InputError(f"variants: found {unknown}, expected some of {', '.join(VARIANTS)}")
        strengths(options, self.config.keypoints)  # refuses networks without lids
        between = ahead if self.overlap else iter
        return self._stages.frames(frames, names, options, clip, measure, rectified, between)

    def reference(
        self,
        frames: Iterable[np.ndarray | DrivingFrame],
        options: AnimateOptions = METHOD,
        fps: float = 25.0,
    ) -> ClipReference:
        """Read a whole clip for its scale, its anchor frame and its shots.

        Only what the options need is measured. The frames are read once for each and not kept; they
        must allow a fresh reading.
        """
        return measure_clip([self._stages], frames, options, fps)[0]

    def resized(self, size: int) -> "Animator":
        """Return an animator of another result size that shares the networks, without a source."""
        other = copy(self)
        other.size = _checked_size(size)
        other._source = other._portrait = other._opacity = None
        return other

    @property
    def _stages(self) -> Stages:
        pictures = self._portrait, self._opacity
        return Stages(self.networks, self.source, *pictures, self.resolution, self._take)

    def _pictures(self, square: np.ndarray, around, side: int):
        """Return the square (1, 3, side, side) and the canvas around it, None without one."""
        picture = self._take(square, side, "source")
        if around is None:
            return picture, None
        margin = round(side * self.config.margin(self.resolution) / self.resolution)
        canvas: Any = self._take(around[0], side + 2 * margin, "source")
        canvas[..., margin : margin + side, margin : margin + side] = picture
        return picture, canvas

    def _numbers(self, values: tuple[float, ...]):
        """Return (1, N) as the back end takes it."""
        array = np.array([values], np.float32)
        if not self.networks.uses_torch:
            return array
        import torch

        return torch.from_numpy(array).to(self.device)

    def _take(self, picture: np.ndarray, side: int, name: str):
        """Return a uint8 picture as the back end takes it: (1, 3, side, side) in [0, 1]."""
        if not self.networks.uses_torch:
            return pictures.to_array(picture, side, name)
        return pictures.to_tensor(picture, side, self.device, name)


def references(
    animators: Iterable[Animator],
    frames: Iterable[np.ndarray | DrivingFrame],
    options: AnimateOptions,
    fps: float,
) -> list[ClipReference]:
    """Return :meth:`Animator.reference` of several sources that one clip drives."""
    return measure_clip([one._stages for one in animators], frames, options, fps)


def _centred(image: np.ndarray) -> Framed:
    """Return the centre square of a picture, at its own size."""
    side = len(pictures.centre_square(image, "source"))
    return Framed(image, centre_square(*image.shape[:2]), side)


def _checked_size(size: int) -> int:
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError(f"size: found {size}, expected {SIZES[0]} to {SIZES[1]} pixels")
    return size


def _config(folder: Path) -> ModelConfig:
    return ModelConfig.from_dict(json.loads((folder / "config.json").read_text("utf-8")))
