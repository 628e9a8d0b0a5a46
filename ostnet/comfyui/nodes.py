"""The nodes: load the networks, animate a portrait, compare variants, record and replay motion.

An IMAGE is a float tensor (B, H, W, 3) in [0, 1]; an OSTNET is a :class:`Pipeline`, a MOTION a
:class:`Motion`.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ostnet.animation.motion_file import FIXED, SUFFIX, Motion, load_motion, record
from ostnet.animation.outputs import Outputs
from ostnet.animation.pipeline import Pipeline
from ostnet.backends import BACKENDS
from ostnet.comfyui.host import Host
from ostnet.comfyui.widgets import option_widgets, options_of
from ostnet.errors import InputError
from ostnet.flags import field_docs
from ostnet.media.timeline import FASTEST, SLOWEST
from ostnet.media.video import Clip, VideoInfo
from ostnet.methods import VARIANTS
from ostnet.options import COMPARISON, AnimateOptions, NetworkOptions

SCALES = {
    axis: f"Of each frame: how many times {word} the driving face is than the portrait's."
    for axis, word in (("scale_x", "wider"), ("scale_y", "higher"))
}
"""Output -> its tooltip."""


class Load:
    """Finds weights."""

    CATEGORY, FUNCTION = "OSTNet", "load"
    DESCRIPTION = "Find weights. They are loaded at the first run."
    RETURN_TYPES, RETURN_NAMES = ("OSTNET",), ("model",)
    OUTPUT_TOOLTIPS = ("The networks, for the other nodes.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return ComfyUI's description of the inputs."""
        docs = field_docs(NetworkOptions)
        checkpoint = docs["checkpoint"].replace("default:", "empty:")
        return {
            "required": {
                "checkpoint": ("STRING", {"default": "", "tooltip": checkpoint}),
                "device": ("STRING", {"default": "auto", "tooltip": docs["device"]}),
                "backend": (list(BACKENDS), {"default": "auto", "tooltip": _listed(BACKENDS)}),
            }
        }

    def load(self, checkpoint: str, device: str, backend: str) -> tuple[Pipeline]:
        """Return the pipeline of the weights.

        Raises:
            InputError: weights that cannot be used, or a device that is not here.
        """
        return (Pipeline.from_pretrained(checkpoint.strip() or None, device, backend),)


class Animate:
    """Makes a portrait perform driving frames."""

    CATEGORY, FUNCTION = "OSTNet", "run"
    DESCRIPTION = "Make a portrait perform the driving frames, at the portrait's face size."
    RETURN_TYPES, RETURN_NAMES = ("IMAGE", "FLOAT", "FLOAT"), ("images", *SCALES)
    OUTPUT_TOOLTIPS = ("The portrait, once per driving frame.", *SCALES.values())
    OUTPUT_IS_LIST = (False, True, True)
    OPTIONS = tuple(one.name for one in fields(AnimateOptions))

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return ComfyUI's description of the inputs."""
        rate = {"default": 25.0, "min": 1.0, "max": 240.0, "step": 0.001}
        return {
            "required": {
                "model": ("OSTNET", {"tooltip": "The networks, from Load OSTNet."}),
                "portrait": ("IMAGE", {"tooltip": "One picture with a face."}),
                "driving": ("IMAGE", {"tooltip": "The frames of a video with a moving face."}),
                "fps": ("FLOAT", {**rate, "tooltip": "Driving frames per second."}),
            },
            "optional": option_widgets({*cls.OPTIONS} - {"fps"}),  # which is required here
        }

    def run(
        self, model: Pipeline, portrait: Tensor, driving: Tensor, fps: float, **widgets: Any
    ) -> tuple[Tensor | list[float], ...]:
        """Return IMAGE batches (B, S, S, 3), then the scales along x and y, one per frame.

        Raises:
            InputError: an input that cannot be used.
        """
        options = options_of(widgets)
        return render(model, portrait, clip_of(driving, fps), options, self.clips(options))

    def clips(self, options: AnimateOptions) -> Sequence[str]:
        """Return the names of the clips to make, one for each IMAGE output."""
        return [options.variant]


class Compare(Animate):
    """Makes all variants of the method, and their grid."""

    DESCRIPTION = "Animate with all four variants of the method, and show them side by side."
    RETURN_TYPES = (*["IMAGE"] * (len(VARIANTS) + 1), "FLOAT", "FLOAT")
    RETURN_NAMES = (*VARIANTS, "grid", *SCALES)
    OUTPUT_TOOLTIPS = (
        *(f"Variant {name}." for name in VARIANTS),
        "Portrait, driving frame and all variants side by side.",
        *SCALES.values(),
    )
    OUTPUT_IS_LIST = (*[False] * (len(VARIANTS) + 1), True, True)
    OPTIONS = COMPARISON

    def clips(self, options: AnimateOptions) -> Sequence[str]:
        """Return the names of the clips to make, one for each IMAGE output."""
        return [*VARIANTS, "grid"]


class Record:
    """Records the motion of driving frames, or reads a motion file."""

    CATEGORY, FUNCTION = "OSTNet", "record"
    DESCRIPTION = "Record the motion of driving frames, or read a motion file."
    RETURN_TYPES, RETURN_NAMES = ("MOTION", "INT", "FLOAT"), ("motion", "frames", "fps")
    OUTPUT_TOOLTIPS = ("Keypoints, for Animate from Motion.", "Number of frames.", "Their rate.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return ComfyUI's description of the inputs."""
        inputs = Animate.INPUT_TYPES()["required"]
        file = "where to write the motion; without driving frames, the file to read."
        return {
            "required": {"model": inputs["model"]},
            "optional": {
                "driving": inputs["driving"],
                "fps": inputs["fps"],
                "file": ("STRING", {"default": "", "tooltip": f"X{SUFFIX}: {file}"}),
            },
        }

    def record(
        self, model: Pipeline, driving: Tensor | None = None, fps: float = 25.0, file: str = ""
    ) -> tuple[Motion, int, float]:
        """Return the motion, its number of frames and its frame rate.

        Raises:
            InputError: neither frames nor a file, or one that cannot be used.
        """
        path = file.strip()
        if not path.endswith(SUFFIX) and (path or driving is None):
            raise InputError(
                f"file: found {path!r}, expected driving frames or a name like X{SUFFIX}"
            )
        if driving is None:
            motion = load_motion(Path(path))
        else:
            motion = record(model, clip_of(driving, fps))
            if path:
                motion.save(Path(path))
        return motion, len(motion.keypoints), float(motion.fps)


class Replay(Animate):
    """Makes a portrait perform a motion."""

    DESCRIPTION = "Make a portrait perform a motion, without the driver's pictures."
    OPTIONS = tuple(name for name in Animate.OPTIONS if name not in FIXED)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return ComfyUI's description of the inputs."""
        inputs = super().INPUT_TYPES()
        known = {name: inputs["required"][name] for name in ("model", "portrait")}
        motion = ("MOTION", {"tooltip": "From Motion (OSTNet)."})
        return {"required": {**known, "motion": motion}, "optional": inputs["optional"]}

    def run(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, model: Pipeline, portrait: Tensor, motion: Motion, **widgets: Any
    ) -> tuple[Tensor | list[float], ...]:
        """Return what :class:`Animate` does; raises as it does."""
        options = options_of(widgets)
        return render(model, portrait, motion, options, self.clips(options))


NODE_CLASS_MAPPINGS = {
    "OSTNetLoad": Load,
    "OSTNetAnimate": Animate,
    "OSTNetCompare": Compare,
    "OSTNetMotion": Record,
    "OSTNetReplay": Replay,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "OSTNetLoad": "Load OSTNet",
    "OSTNetAnimate": "Animate Portrait (OSTNet)",
    "OSTNetCompare": "Compare Variants (OSTNet)",
    "OSTNetMotion": "Motion (OSTNet)",
    "OSTNetReplay": "Animate from Motion (OSTNet)",
}


def render(
    pipeline: Pipeline,
    portrait: Tensor,
    driving: Clip | Motion,
    options: AnimateOptions,
    clips: Sequence[str],
) -> tuple[Tensor | list[float], ...]:
    """Return one IMAGE batch per clip, then the scales along x and y, one per frame.

    The batches are filled frame by frame; nothing else grows with the number of frames.

    Raises:
        InputError: an input that cannot be used.
        BaseException: ComfyUI's own, once the user interrupts the run; within one frame.
    """
    host = Host()
    (picture,) = _checked(portrait, "portrait", 1)
    try:
        scene = pipeline.open(to_picture(picture), driving, options, host.interrupted)
    except InputError:
        host.check()  # an interrupted reading ends with an InputError too
        raise
    host.begin(scene.total)
    batches: dict[str, Tensor] = {}
    scales: list[tuple[float, float]] = []
    outputs = Outputs(dict.fromkeys(clips, Path()))
    with closing(pipeline.stream(scene, outputs, host.interrupted)) as stream:
        for index, (pictures, variants, _) in enumerate(stream):
            for name, image in pictures.items():
                if name not in batches:
                    batches[name] = torch.empty(scene.total, *image.shape)  # (B, H, W, 3)
                batches[name][index] = torch.from_numpy(image) / 255
            scales.append(next(iter(variants.values())).scale)
            host.advance()
    host.check()
    return (*(batches[name] for name in clips), *map(list, zip(*scales, strict=True)))


def clip_of(images: Tensor, fps: float) -> Clip:
    """Return the driving clip of an IMAGE batch; a frame is converted when it is read.

    Raises:
        InputError: a tensor of another shape, or an impossible frame rate.
    """
    if not SLOWEST <= fps <= FASTEST:
        raise InputError(f"fps: found {fps}, expected {float(SLOWEST)} to {FASTEST}")
    count, height, width, _ = _checked(images, "driving").shape
    rate = Fraction(fps).limit_denominator(1001)
    info = VideoInfo(width, height, rate, count, float(count / rate), audio=None)
    return Clip(info, lambda: map(to_picture, images))


def to_picture(image: Tensor) -> np.ndarray:
    """Return an image (H, W, 3 or more) in [0, 1] as uint8 RGB (H, W, 3)."""
    levels = (image[..., :3].float().nan_to_num() * 255).round().clamp(0, 255)
    return levels.to(torch.uint8).cpu().numpy()


def _checked(images: Tensor, name: str, most: int | None = None) -> Tensor:
    """Return an IMAGE batch. Raises InputError for another shape or more than ``most`` images."""
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[0] < 1 or shape[3] < 3 or (most is not None and shape[0] > most):
        count = "B" if most is None else most
        raise InputError(f"{name}: found images of shape {shape}, expected ({count}, H, W, 3)")
    return images


def _listed(texts: dict[str, str]) -> str:
    return "\n".join(f"{name}: {text}." for name, text in texts.items())
