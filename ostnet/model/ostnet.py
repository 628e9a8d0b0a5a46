"""OSTNet: detector, scale transformation, dense motion and generator as one module."""

import json
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.constants import CONFIG_NAME, SAFETENSORS_SINGLE_FILE
from torch import Tensor, nn

from ostnet.config import PRESETS, ModelConfig
from ostnet.errors import InputError
from ostnet.model.generator import Generator
from ostnet.model.keypoints import KeypointDetector
from ostnet.model.layers import Resize, sample
from ostnet.model.motion import DenseMotion
from ostnet.model.scale import Alignment, ScaleTransform
from ostnet.model.weights import load_weights, save_weights


@dataclass
class Source:
    """Everything that depends on the source picture alone; computed once per video."""

    image: Tensor
    """(B, 3, H, W) in [0, 1]."""
    small: Tensor
    """(B, 3, 64, 64): what detector and dense motion see."""
    keypoints: Tensor
    """x_S, (B, K, 2)."""
    taps: list[Tensor]
    """Encoder features at 1/2, 1/4, 1/8 of the size."""

    def expand(self, batch: int) -> "Source":
        """The same source for ``batch`` driving frames (a view; needs a source of batch 1)."""
        return Source(
            self.image.expand(batch, -1, -1, -1),
            self.small.expand(batch, -1, -1, -1),
            self.keypoints.expand(batch, -1, -1),
            [tap.expand(batch, -1, -1, -1) for tap in self.taps],
        )


@dataclass
class Rendered:
    """One generated picture and the motion behind it."""

    image: Tensor
    """(B, 3, H, W) in [0, 1]."""
    flow: Tensor
    """(B, h, w, 2): where in the source each output pixel comes from, in [-1, 1]."""
    occlusion: Tensor
    """(B, 1, h, w) in [0, 1]; 0 where the source shows nothing."""


@dataclass
class Output:
    """Result of one forward pass; shapes as in Source, Alignment and Rendered."""

    image: Tensor
    rectified: Tensor
    """I_D^: the driving picture at the source's scale, (B, 3, H, W)."""
    alignment: Alignment
    x_source: Tensor
    x_driving: Tensor
    x_rectified: Tensor
    flow: Tensor
    occlusion: Tensor


class OSTNet(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="ostnet",
    tags=["talking-head", "face-reenactment", "image-to-video"],
    coders={ModelConfig: (ModelConfig.to_dict, ModelConfig.from_dict)},
):
    """One-shot talking-head reenactment with online scale transformation (arXiv 2407.09965).

    Pictures are (B, 3, H, W) in [0, 1], H and W multiples of 16; coordinates are in [-1, 1],
    x right, y down, align_corners=True.
    """

    def __init__(self, config: ModelConfig | None = None):
        super().__init__()
        self.config = config or PRESETS["paper"]
        self.shrink = Resize(self.config.motion_resolution)
        self.detector = KeypointDetector(self.config)
        self.scale = ScaleTransform(self.config)
        self.motion = DenseMotion(self.config)
        self.generator = Generator(self.config)

    def keypoints(self, image: Tensor) -> Tensor:
        """F_kp: (B, 3, H, W) -> (B, K, 2)."""
        return self.detector(self.shrink(image))

    def encode(self, image: Tensor) -> Source:
        """All that depends on the source picture (B, 3, H, W) alone."""
        height, width = image.shape[-2:]
        if height % 16 or width % 16:
            raise ValueError(
                f"source: found {height} x {width} pixels, expected multiples of 16 each way"
            )
        small = self.shrink(image)
        return Source(image, small, self.detector(small), self.generator.encoder(image))

    def align(self, x_source: Tensor, x_driving: Tensor) -> Alignment:
        """T_theta on keypoints (B, K, 2) of source and driving."""
        return self.scale(x_source, x_driving)

    def rectify(self, driving: Tensor, fiducials: Tensor) -> Tensor:
        """I_D^: the driving picture (B, 3, H, W) sampled at the grid of fiducials (B, 12, 2)."""
        height, width = driving.shape[-2:]
        return sample(driving, self.scale.grid(fiducials, height, width))

    def render(
        self, source: Source, x_driving: Tensor, z: Tensor | None, gate: Tensor | None = None
    ) -> Rendered:
        """The source performing keypoints (B, K, 2); z None: without scale embedding."""
        flow, occlusion = self.motion(source.small, source.keypoints, x_driving)
        image = self.generator(source.taps, flow, occlusion, z, gate)
        return Rendered(image, flow, occlusion)

    def forward(
        self,
        source: Tensor,
        driving: Tensor,
        scale_transform: bool = True,
        scale_embedding: bool = True,
    ) -> Output:
        """One frame, with either part of the scale machinery switched on or off.

        z is computed from (x_S, x_D) in every variant. A part that the configuration left out of
        the network stays off.
        """
        state = self.encode(source)
        x_driving = self.keypoints(driving)
        alignment = self.align(state.keypoints, x_driving)
        rectified, x_rectified = driving, x_driving
        if scale_transform and self.config.with_scale_transform:
            rectified = self.rectify(driving, alignment.fiducials)
            x_rectified = self.keypoints(rectified)
        rendered = self.render(state, x_rectified, alignment.z if scale_embedding else None)
        return Output(
            rendered.image,
            rectified,
            alignment,
            state.keypoints,
            x_driving,
            x_rectified,
            rendered.flow,
            rendered.occlusion,
        )

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write model.safetensors (half precision) and config.json."""
        save_weights(self, save_directory / SAFETENSORS_SINGLE_FILE)
        text = json.dumps(self.config.to_dict(), indent=2) + "\n"
        (save_directory / CONFIG_NAME).write_text(text)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        config: ModelConfig | None = None,
        map_location: str = "cpu",
        **download,
    ) -> "OSTNet":
        """Strict load of model.safetensors from a folder or the Hub; never a pickle.

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
        model = cls(config)
        load_weights(model, path)
        return model.to(map_location).eval()
