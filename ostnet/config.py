"""Configuration of the networks and the named presets."""

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class ModelConfig:
    """Widths and switches of one OSTNet. Saved as ``config.json`` beside the weights.

    The defaults are the widths of the paper's lineage (preset ``paper``).
    """

    resolution: int = 256
    """Side of the square picture the generator is meant for, in pixels; a multiple of 16."""

    keypoints: int = 15
    """K, the number of keypoints (paper, figure 2)."""

    motion_resolution: int = 64
    """Side of the picture that the keypoint detector and the dense motion network see."""

    keypoint_width: int = 32
    """Block expansion of the keypoint detector's hourglass."""

    motion_width: int = 64
    """Block expansion of the dense motion network's hourglass."""

    hourglass_blocks: int = 5
    """Number of down (and up) blocks of both hourglasses."""

    hourglass_max_width: int = 1024
    """Widest feature map of both hourglasses."""

    mask_kernel: int = 7
    """Kernel of the last convolution of detector and dense motion network; odd."""

    temperature: float = 0.1
    """Temperature of the detector's spatial softmax."""

    scale_code: int = 128
    """Length of the scale code z."""

    scale_hidden: int = 256
    """Width of the two hidden layers of T_theta."""

    scale_map: str = "tps"
    """What T_theta's fiducial points may do: ``tps``, each moves by itself (the paper); ``affine``,
    all follow one affine map (an ablation trained apart)."""

    widths: tuple[int, int, int] = (128, 256, 512)
    """Generator channels at 1/2, 1/4 and 1/8 of the full size: the three taps of the U-Net."""

    full_width: int = 64
    """Generator channels at full resolution. 0: no feature map at full resolution at all; a
    pixel-unshuffle stem and a pixel-shuffle head take its place."""

    residual_blocks: int = 6
    """Residual blocks of the decoder, at 1/8 of the full resolution."""

    with_scale_transform: bool = True
    """False: the network is built without the scale transformation (an ablation trained apart)."""

    with_scale_embedding: bool = True
    """False: the generator is built without the scale embedding (an ablation trained apart)."""

    def __post_init__(self):
        object.__setattr__(self, "widths", tuple(self.widths))
        if self.resolution < 32 or self.resolution % 16:
            raise ValueError(
                f"resolution: found {self.resolution}, expected a multiple of 16, at least 32"
            )
        if self.keypoints < 2:
            raise ValueError(f"keypoints: found {self.keypoints}, expected at least 2")
        smallest = 2**self.hourglass_blocks
        if self.motion_resolution % smallest:
            raise ValueError(
                f"motion_resolution: found {self.motion_resolution}, expected a multiple of "
                f"{smallest} (2 to the power of hourglass_blocks)"
            )
        if self.mask_kernel % 2 == 0:
            raise ValueError(f"mask_kernel: found {self.mask_kernel}, expected an odd number")
        if len(self.widths) != 3 or min(self.widths) < 1:
            raise ValueError(f"widths: found {self.widths}, expected three positive numbers")
        if self.scale_map not in ("tps", "affine"):
            raise ValueError(f"scale_map: found {self.scale_map!r}, expected tps or affine")
        if self.temperature <= 0:
            raise ValueError(f"temperature: found {self.temperature}, expected more than 0")

    def to_dict(self) -> dict:
        """The configuration as plain JSON values."""
        return {**asdict(self), "widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: dict) -> "ModelConfig":
        """The configuration from plain values; names every unknown field."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"config: unknown fields {unknown}, expected some of {sorted(known)}")
        return cls(**values)


PRESETS: dict[str, ModelConfig] = {
    "lite": ModelConfig(
        keypoint_width=16,
        motion_width=16,
        hourglass_max_width=192,
        mask_kernel=3,
        widths=(32, 64, 128),
        full_width=0,
        residual_blocks=4,
    ),
    "base": ModelConfig(
        keypoint_width=16,
        motion_width=32,
        hourglass_max_width=192,
        mask_kernel=5,
        widths=(64, 128, 256),
        full_width=0,
        residual_blocks=5,
    ),
    "paper": ModelConfig(),
}
"""``lite``: the embedded default, for CPUs; ``base``: one GPU; ``paper``: reproduction."""
