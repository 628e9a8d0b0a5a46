"""OSTNet: detector, scale transformation, dense motion and generator as one module."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.constants import CONFIG_NAME, SAFETENSORS_SINGLE_FILE
from torch import Tensor, nn

from ostnet.config import PRESETS, ModelConfig
from ostnet.errors import InputError
from ostnet.model.frame import Alignment, Reader, Reading, Rendered, Source, Steering
from ostnet.model.generator import Generator, Window
from ostnet.model.keypoints import KeypointDetector
from ostnet.model.layers import Resize, onto_canvas, resize, sample
from ostnet.model.motion import DenseMotion, Motion
from ostnet.model.ranges import Ranges
from ostnet.model.scale import ScaleTransform
from ostnet.model.weights import check_weights, load_weights, save_weights

SAME_PICTURE = 1 / 512  # largest difference of two pictures in [0, 1] that counts as rounding

__all__ = ["OSTNet", "Output", "Reading", "Rendered", "Source", "Steering"]


@dataclass
class Output:
    """Result of one forward pass."""

    image: Tensor  # (B, 3, H, W) in [0, 1]
    source: Source
    reading: Reading
    rendered: Rendered


class OSTNet(
    nn.Module,
    Reader,
    PyTorchModelHubMixin,
    library_name="ostnet",
    tags=["talking-head", "face-reenactment", "image-to-video"],
    coders={ModelConfig: (ModelConfig.to_dict, ModelConfig.from_dict)},
):
    """One-shot talking-head reenactment with online scale transformation (arXiv 2407.09965).

    Pictures are (B, 3, H, W) in [0, 1], H and W multiples of 16; coordinates are in [-1, 1],
    x right, y down, align_corners=True. A frame is ``encode`` (source, once), ``read`` (motion
    and scale of the driving frame) and ``render``; ``render`` is ``move`` and then ``paint``.
    """

    def __init__(self, config: ModelConfig | None = None):
        super().__init__()
        self.config = config or PRESETS["paper"]
        self.ranges: Ranges | None = (
            None  # for 8-bit inference, with the weights they were measured on
        )
        self.shrink = Resize(self.config.motion_resolution)
        self.detector = KeypointDetector(self.config)
        self.scale = ScaleTransform(self.config)
        self.motion = DenseMotion(self.config)
        self.generator = Generator(self.config)

    def keypoints(self, image: Tensor) -> Tensor:
        """Return F_kp's keypoints (B, K, 2) of pictures (B, 3, H, W)."""
        return self.detector(image)

    def encode(
        self, image: Tensor, around: Tensor | None = None, bounds: Tensor | None = None
    ) -> Source:
        """Compute what depends on the source picture (B, 3, H, W) alone.

        Args:
            image: the square that is animated.
            around: a canvas (B, 3, H + 2 m, W + 2 m) with the square in its middle, m from
                ``config.margin``, if ``reach`` is above 1; None: its edge pixels, repeated.
            bounds: left, top, right and bottom of the known part of the canvas (B, 4), in the
                square's coordinates; None: the square alone.
        """
        height, width = image.shape[-2:]
        if height % 16 or width % 16:
            raise ValueError(
                f"source: found {height} x {width} pixels, expected multiples of 16 each way"
            )
        return self.encoded(image, self.keypoints(image), around, bounds)

    def encoded(
        self,
        image: Tensor,
        keypoints: Tensor,
        around: Tensor | None = None,
        bounds: Tensor | None = None,
    ) -> Source:
        """Compute the same as ``encode`` with known keypoints (B, K, 2)."""
        medium = None
        if self.motion.refinement is not None:
            medium = self.motion.refinement.shrink(image)
        canvas, taps = self._around(image, around, self.generator.encoder(image))
        return Source(image, self.shrink(image), medium, keypoints, taps, canvas, bounds)

    def _around(
        self, image: Tensor, around: Tensor | None, taps: list[Tensor]
    ) -> tuple[Tensor | None, list[Tensor]]:
        """Return the canvas around a square (None: no margin) and its taps.

        A canvas that only repeats the square's edge gets the square's taps, with their edges
        repeated: the generator was trained on these.
        """
        height, width = image.shape[-2:]
        down, across = self.config.margin(height), self.config.margin(width)
        wanted = height + 2 * down, width + 2 * across
        if around is not None and around.shape[-2:] != wanted:
            raise ValueError(
                f"around: found {tuple(around.shape[-2:])} pixels, expected {wanted} for a reach "
                f"of {self.config.reach:g}"
            )
        if wanted == (height, width):
            return None, taps

        def repeated(maps: Tensor) -> Tensor:
            x, y = across * maps.shape[-1] // width, down * maps.shape[-2] // height
            return F.pad(maps, (x, x, y, y), mode="replicate")

        plain, repeats = repeated(image), [repeated(tap) for tap in taps]
        if around is None:
            return plain, repeats
        nothing_new = (around - plain).abs().amax(dim=(1, 2, 3), keepdim=True) < SAME_PICTURE
        seen = self.generator.encoder(around)
        pairs = zip(repeats, seen, strict=True)
        return around, [torch.where(nothing_new, mine, its) for mine, its in pairs]

    def align(self, x_source: Tensor, x_driving: Tensor) -> Alignment:
        """Apply T_theta to keypoints (B, K, 2) of source and driving."""
        return self.scale(x_source, x_driving)

    def rectify(self, driving: Tensor, fiducials: Tensor) -> Tensor:
        """Sample the driving picture (B, 3, H, W) at the grid of fiducials (B, 12, 2): I_D^."""
        height, width = driving.shape[-2:]
        return sample(driving, self.scale.grid(fiducials, height, width))

    def move(self, source: Source, x_driving: Tensor) -> Motion:
        """Return the dense motion from the source to keypoints (B, K, 2)."""
        return self.motion(source.small, source.medium, source.keypoints, x_driving)

    def paint(
        self,
        source: Source,
        motion: Motion,
        z: Tensor | None,
        gate: Tensor | None = None,
        places: Collection[str] | None = None,
        window: Window | None = None,
    ) -> Rendered:
        """Decode the picture of a motion; z None: no scale embedding. Others: see Generator."""
        painted, mix, warped = self.generator(source, motion, z, gate, places, window)
        if mix is None:
            return Rendered(painted, painted, None, warped, motion)
        return Rendered(mix * warped + (1 - mix) * painted, painted, mix, warped, motion)

    def compose(
        self, rendered: Rendered, picture: Tensor, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Return the result (B, 3, S, T) at the size of a source picture.

        The generated picture is enlarged; the warped source is sampled from ``picture``, so it is
        as sharp as that. At the network's own resolution this is ``rendered.image``.

        Args:
            rendered: the result at the network's resolution.
            picture: the source (B, 3, S, T), or a canvas (B, 3, S + 2 m, T + 2 m) around it.
            size: S and T; None: the picture's.
        """
        height, width = size or picture.shape[-2:]
        painted = resize(rendered.painted, height, width)
        if rendered.mix is None:
            return painted
        mix = resize(rendered.mix, height, width)
        warped = sample(picture, onto_canvas(rendered.motion.flow_at(height, width), picture))
        return mix * warped + (1 - mix) * painted

    def render(
        self,
        source: Source,
        x_driving: Tensor,
        z: Tensor | None,
        gate: Tensor | None = None,
        places: Collection[str] | None = None,
    ) -> Rendered:
        """Return the source animated by keypoints (B, K, 2): ``move``, then ``paint``."""
        return self.paint(source, self.move(source, x_driving), z, gate, places)

    def forward(
        self,
        source: Tensor,
        driving: Tensor,
        scale_transform: bool = True,
        scale_embedding: bool = True,
    ) -> Output:
        """Compute one frame, with either part of the scale machinery switched on or off.

        A part that the configuration removed stays off.
        """
        state = self.encode(source)
        reading = self.read(state, driving, scale_transform)
        z = reading.alignment.z if scale_embedding else None
        rendered = self.render(state, reading.x_rectified, z)
        return Output(rendered.image, state, reading, rendered)

    @classmethod
    def outline(cls, config: ModelConfig) -> "OSTNet":
        """Return a network without memory for its weights, for their names and shapes."""
        with torch.device("meta"):
            return cls(config)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write model.safetensors (half precision), config.json and, if known, ranges.json."""
        save_weights(self, save_directory / SAFETENSORS_SINGLE_FILE)
        text = json.dumps(self.config.to_dict(), indent=2) + "\n"
        (save_directory / CONFIG_NAME).write_text(text)
        if self.ranges:
            self.ranges.write(save_directory)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        config: ModelConfig | None = None,
        map_location: str = "cpu",
        **download,
    ) -> "OSTNet":
        """Load model.safetensors strictly from a folder or the Hub; never a pickle.

        Raises:
            InputError: no config.json, no model.safetensors, or weights that do not fit.
        """
        if config is None:
            raise InputError(f"{model_id}: no {CONFIG_NAME} found; expected it beside the weights")
        path = Path(model_id) / SAFETENSORS_SINGLE_FILE
        if not Path(model_id).is_dir():
            path = Path(hf_hub_download(model_id, SAFETENSORS_SINGLE_FILE, **download))
        elif not path.is_file():
            raise InputError(f"{model_id}: no {SAFETENSORS_SINGLE_FILE} found; expected one")
        check_weights(cls.outline(config), path)
        model = cls(config)
        load_weights(model, path)
        model.ranges = Ranges.beside(path.parent)
        return model.to(map_location).eval()
