"""The one model of the page, and the only functions that run on the accelerator.

:func:`load` loads the model once per process. The functions take and return arrays and do nothing
else: on ZeroGPU each call is a forked process with a time budget. Elsewhere ``spaces.GPU`` does
nothing.
"""

import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import gradio as gr
import numpy as np
import spaces  # before torch, which it patches on ZeroGPU
import torch
from spaces.config import Config as Space
from torch import Tensor

from ostnet.animation import VARIANTS, Animator, Frame
from ostnet.animation.animator import choose_device
from ostnet.animation.frame import ClipReference
from ostnet.animation.pictures import to_picture, to_tensor, zoom
from ostnet.animation.pipeline import Pipeline
from ostnet.backends.digest import detector_digest
from ostnet.errors import InputError
from ostnet.hub import Checkpoint, resolve
from ostnet.landmarks import KEYPOINT_GAPS
from ostnet.media.square import Framed
from ostnet.model.layers import identity_grid
from ostnet.model.ostnet import OSTNet
from ostnet.options import METHOD, AnimateOptions

ZERO_GPU = bool(Space.zero_gpu)
"""Whether this is a ZeroGPU Space, which gets a GPU for each call."""

OVERLAP = not ZERO_GPU
"""Whether a run works on several frames at once; one frame occupies a ZeroGPU."""

FRAME_SECONDS = 0.06
"""Most seconds of half an H200 for a driving frame with all variants.

A whole one takes 0.0225 without CUDA graphs (training-log.md beside the weights), and half of one,
ZeroGPU's former size ``large``, at most twice that. The rest is an allowance for passing pictures
between processes. Nothing has been measured on ZeroGPU itself."""

START_SECONDS = 8
"""Allowance, not measured, for starting CUDA and reading up to 48 frames for the head pose."""

STILL_SECONDS = 6
"""The same for one driving frame."""

DURATION_FACTOR = 1.5
"""What the package ``spaces`` multiplies durations by on the GPU that ZeroGPU has now.

It is an RTX PRO 6000 Blackwell (https://huggingface.co/docs/hub/spaces-zerogpu); the factor is in
the package's zero/configs.json, and is 1 for half an H200. The decorators below leave the size at
its default, ``large``: these networks need little memory, and ``xlarge`` costs twice the quota."""

AT_HOME = "run it on your own computer: ostnet animate --device cpu"
"""Advice in errors for lack of a GPU."""

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""Settings of every event except the two of the interface for programs."""

TURN: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
"""Settings of every event that runs the networks: one at a time for all visitors."""

MODEL_TURN = PRIVATE | TURN


@dataclass(frozen=True)
class Engine:
    """The weights of this process and the model made of them."""

    checkpoint: Checkpoint
    """The default weights, or the embedded ones with a notice."""
    model: OSTNet
    device: torch.device

    @property
    def size(self) -> int:
        """Return the side of the network's pictures in pixels."""
        return self.model.config.resolution


@functools.cache
def load() -> Engine:
    """Load the default weights at the first call, and return the same engine at every call.

    On ZeroGPU the first call must come while ``app.py`` is imported: later ones are forked.
    """
    checkpoint = resolve()
    device = choose_device("auto")
    model = OSTNet.from_pretrained(str(checkpoint.folder))
    model.to(device, memory_format=torch.channels_last).eval()  # pyright: ignore
    return Engine(checkpoint, model, device)


@dataclass(frozen=True)
class Insides:
    """The intermediates of one driving frame; pictures uint8 (S, S, 3), points in [-1, 1]."""

    driving: np.ndarray
    rectified: np.ndarray
    image: np.ndarray
    scale: tuple[float, float]
    x_source: np.ndarray  # (K, 2)
    x_driving: np.ndarray  # (K, 2)
    x_rectified: np.ndarray  # (K, 2)
    fiducials: np.ndarray  # (12, 2)
    grid: np.ndarray  # (S, S, 2), where in the driving frame each rectified pixel comes from
    displacement: np.ndarray  # (h, w, 2), from each output pixel to its place in the source
    occlusion: np.ndarray  # (h, w) in [0, 1]


def gpu_seconds(frames: int) -> int:
    """Return how many seconds of half an H200 to reserve for a run."""
    return int(START_SECONDS + FRAME_SECONDS * frames)


def _seconds(method, sources, frames, *more) -> int:
    return gpu_seconds(sum(map(len, frames)) if method == "generate_faces" else len(frames))


@spaces.GPU(duration=_seconds)
def _borrowed(method, sources, frames, *more) -> Iterator:
    yield from map(on_cpu, getattr(Pipeline, method)(pipeline(), sources, frames, *more))


def on_cpu(value: Any) -> Any:
    """Return the same with its tensors on the CPU: ZeroGPU's receiving process has no GPU."""
    match value:
        case Tensor():
            return value.cpu()
        case dict():
            return {name: on_cpu(one) for name, one in value.items()}
        case list() | tuple():
            parts = [on_cpu(one) for one in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if is_dataclass(value) and not isinstance(value, type):
        known = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: on_cpu(one) for name, one in known.items()})
    return value


class PagePipeline(Pipeline):
    """Runs the pipeline on this page's device.

    ZeroGPU lends a GPU for a limited time: there all frames are read before it is borrowed.
    """

    def generate(self, source, frames, names, options, fps, measure, rectified=True):
        """Yield the source's keypoint spread and all variants, for each driving frame.

        Raises:
            InputError: no GPU is available, or it was lost; the message states an alternative.
        """
        frames = list(frames) if ZERO_GPU else frames
        yield from _run("generate", source, frames, names, options, fps, measure, rectified)

    def generate_faces(self, sources, drivers, *more):
        """Yield the same of several faces together; raises as :meth:`generate`."""
        if ZERO_GPU:
            read = {id(one): list(one) for one in {id(one): one for one in drivers}.values()}
            drivers = [read[id(one)] for one in drivers]
        yield from _run("generate_faces", sources, drivers, *more)

    @property
    def detector(self) -> str:
        """Return the digest of the file: on ZeroGPU, weights are read only where a GPU is lent."""
        return detector_digest(load().checkpoint.folder)


def _run(*arguments) -> Iterator:
    try:
        yield from _borrowed(*arguments)
    except gr.Error as error:  # ZeroGPU's message on its quota
        raise InputError(f"GPU: {error.message}; {AT_HOME}") from error
    except torch.AcceleratorError as error:
        raise InputError(f"GPU: it failed during the run; try again, or {AT_HOME}") from error


@functools.cache
def pipeline() -> PagePipeline:
    """Return the pipeline of this page's model."""
    return PagePipeline(load().model, overlap=OVERLAP)


@spaces.GPU(duration=STILL_SECONDS)
def still(
    source: np.ndarray, frame: np.ndarray, factors: tuple[float, float]
) -> tuple[tuple[float, float], dict[str, Frame]]:
    """Return the source's keypoint spread and the four variants of one driving frame, zoomed."""
    animator = Animator(load().model)
    animator.set_source(source)
    options = replace(METHOD, driving_zoom=factors)
    made = next(animator.variants([frame], VARIANTS, options, measure=True))
    return on_cpu((animator.source_spread, made))


@spaces.GPU(duration=STILL_SECONDS)
def read_stills(
    source: Framed, stills: list[np.ndarray], options: AnimateOptions
) -> tuple[ClipReference, int]:
    """Return the references of a clip's stills, and which of them has the most open mouth."""
    animator = pipeline().animator(source)
    clip = animator.reference(stills, options)
    upper, lower = KEYPOINT_GAPS[-1]
    points = [animator.keypoints(picture) for picture in stills]
    widest = int(np.argmax([np.linalg.norm(x[lower] - x[upper]) for x in points]))
    shots = [shot for shot in clip.shots if shot.first <= widest][-1:]
    clip = replace(clip, shots=tuple(shot._replace(first=0) for shot in shots))
    return on_cpu((clip, widest))


@spaces.GPU(duration=STILL_SECONDS)
def perform(
    source: Framed, frame: np.ndarray, options: AnimateOptions, clip: ClipReference
) -> np.ndarray:
    """Return the portrait performing one driving frame, uint8 (S, S, 3)."""
    frames = (
        pipeline()
        .animator(source)
        .variants([frame], [options.variant], options, clip, rectified=False)
    )
    return next(frames)[options.variant].image


@spaces.GPU(duration=STILL_SECONDS)
@torch.inference_mode()
def inspect(source: np.ndarray, frame: np.ndarray, factors: tuple[float, float]) -> Insides:
    """Return every intermediate of one driving frame, zoomed."""
    model, size, device = load().model, load().size, load().device
    driving = zoom(to_tensor(frame, size, device, "driving"), factors)
    output = model(to_tensor(source, size, device, "source"), driving)
    reading, motion = output.reading, output.rendered.motion
    flow = motion.flow[0].float().cpu()
    grid = model.scale.grid(reading.alignment.fiducials, size, size)[0]
    s_x, s_y = reading.alignment.scale[0].tolist()
    return Insides(
        driving=to_picture(driving),
        rectified=to_picture(reading.rectified),
        image=to_picture(output.image),
        scale=(s_x, s_y),
        x_source=_array(output.source.keypoints[0]),
        x_driving=_array(reading.x_driving[0]),
        x_rectified=_array(reading.x_rectified[0]),
        fiducials=_array(reading.alignment.fiducials[0]),
        grid=_array(grid),
        displacement=_array(flow - identity_grid(*flow.shape[:2])),
        occlusion=_array(motion.occlusion[0, 0]),
    )


@torch.inference_mode()
def zoomed(frame: np.ndarray, factors: tuple[float, float]) -> np.ndarray:
    """Return a driving frame as the networks will see it, uint8 (S, S, 3); runs no network."""
    return to_picture(zoom(to_tensor(frame, load().size, torch.device("cpu"), "driving"), factors))


def _array(values: Tensor) -> np.ndarray:
    return values.float().cpu().numpy()


class Pace:
    """Estimates the seconds that a driving frame takes from the runs so far."""

    def __init__(self):
        self._seconds: dict[int, float] = {}

    def frame(self, variants: int) -> float:
        """Return the expected seconds per driving frame; times some frames if nothing is known."""
        if variants not in self._seconds:
            self._seconds[variants] = FRAME_SECONDS if ZERO_GPU else _trial(variants)
        return self._seconds[variants]

    def known(self, variants: int) -> float | None:
        """Return the same without timing; None where nothing is known yet."""
        return self._seconds.get(variants)

    def learn(self, variants: int, seconds: float, frames: int) -> None:
        """Include a finished run, if it has at least ten frames."""
        if frames >= 10:
            self._seconds[variants] = 0.5 * self.frame(variants) + 0.5 * seconds / frames


def _trial(variants: int) -> float:
    """Time some frames of so many variants on grey pictures, with a share for video coding."""
    grey = np.full((load().size, load().size, 3), 128, np.uint8)
    animator = Animator(load().model, overlap=OVERLAP)
    animator.set_source(grey)
    names = list(VARIANTS)[:variants]
    frames = animator.variants([grey] * 8, names, measure=True)
    first, *_, last = [time.perf_counter() for _ in frames]
    return 1.3 * (last - first) / 7


PACE = Pace()
