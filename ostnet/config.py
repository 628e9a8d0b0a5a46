"""Configuration of the networks and the named presets."""

import math
from dataclasses import asdict, dataclass, fields, replace

MOST_CHANNELS = 4096
"""Largest number of channels, and largest value of every number that is not in ``MOST``."""

MOST = {
    "resolution": 1024,
    "keypoints": 512,
    "motion_resolution": 512,
    "detector_unshuffle": 8,
    "hourglass_blocks": 9,
    "mask_kernel": 31,
    "residual_blocks": 64,
    "temperature": 100.0,
    "mouth_gain": 4.0,
    "eyelid_gain": 4.0,
    "gaze_gain": 8.0,
    "reach": 3.0,
}
"""Largest values: above any useful one, and small enough that an untrusted configuration takes
little memory before it is compared with its weights."""

GAINS = ("mouth_gain", "eyelid_gain", "gaze_gain")
"""Fields of the expression gains (``ostnet.model.expression_gain``)."""

WITH_LIDS = 30
"""The smallest number of keypoints that includes all lips and lids (``ostnet.landmarks``)."""

CHOICES = {
    "candidates": ("shift", "turn"),
    "first_tap": ("features", "picture"),
    "merge": ("concat", "add"),
    "outside": ("border", "painted"),
    "embedding": ("sum", "film"),
    "scale_map": ("tps", "affine"),
}
"""Fields that take a word -> the words allowed."""

MAY_BE_ZERO = ("warped_hints", "refinement_width", "full_width", "residual_blocks")


@dataclass(frozen=True)
class ModelConfig:
    """Widths and switches of one OSTNet. Saved as ``config.json`` beside the weights.

    The defaults are those of the paper and of first-order-model (preset ``paper``).
    """

    resolution: int = 256
    """Side of the square picture the generator is meant for, in pixels; a multiple of 16."""

    keypoints: int = 15
    """K, the number of keypoints (paper, figure 2)."""

    motion_resolution: int = 64
    """Side of dense motion's input and flow, and of the keypoint detector's maps."""

    detector_unshuffle: int = 1
    """Above 1, the detector also sees this many times ``motion_resolution`` pixels each way, folded
    into channels (pixel-unshuffle)."""

    keypoint_width: int = 32
    """Block expansion of the keypoint detector's hourglass."""

    motion_width: int = 64
    """Block expansion of the dense motion network's hourglass."""

    warped_hints: int | None = None
    """Dense motion sees the source warped by this many of the first keypoints, and the heat maps
    alone of the others. None: by all."""

    candidates: str = "shift"
    """Motion of the area around a keypoint: ``shift``, with the keypoint (first-order-model);
    ``turn``, also with the head's roll between source and driving frame (beyond the paper)."""

    mouth_gain: float = 1.0
    """Factor on the difference between the lips' opening and the source's; it corrects a result
    whose mouth opens less than the driver's. Needs keypoints that have learned landmarks.
    1: unchanged."""

    eyelid_gain: float = 1.0
    """The same for eyelids."""

    gaze_gain: float = 1.0
    """The same for irises, along the line between the corners of the eye."""

    refinement_width: int = 0
    """Channels of the network that refines flow and occlusion at twice the motion resolution;
    0: none."""

    hourglass_blocks: int = 5
    """Number of down (and up) blocks of both hourglasses."""

    hourglass_max_width: int = 1024
    """Widest feature map of both hourglasses."""

    motion_max_width: int | None = None
    """Widest feature map of dense motion's hourglass; None: ``hourglass_max_width``."""

    mask_kernel: int = 7
    """Kernel of the last convolution of detector and dense motion network; odd."""

    temperature: float = 0.1
    """Temperature of the detector's spatial softmax."""

    scale_code: int = 128
    """Length of the scale code z."""

    scale_hidden: int = 256
    """Width of the two hidden layers of T_theta."""

    scale_map: str = "tps"
    """Motion of T_theta's fiducial points: ``tps``, independently (the paper); ``affine``, by one
    affine map (an ablation trained separately)."""

    widths: tuple[int, int, int] = (128, 256, 512)
    """Generator channels at 1/2, 1/4 and 1/8 of the full size: the three taps (skip features) of
    the U-Net."""

    full_width: int = 64
    """Generator channels at full resolution. 0: no such feature map, but a pixel-unshuffle stem and
    a pixel-shuffle head."""

    first_tap: str = "features"
    """Maps warped for the generator's largest tap: ``features``, the tap itself, as for the
    others (first-order-model); ``picture``, the source picture, from which the encoder's first
    layers then compute the tap: fewer channels to sample."""

    residual_blocks: int = 6
    """Residual blocks of the decoder, at 1/8 of the full resolution."""

    merge: str = "concat"
    """How the decoder merges a tap with its level: ``concat``, a convolution of both
    (first-order-model); ``add``, a convolution of the level alone plus the tap, which the encoder
    maps: the decoder then computes a fifth less."""

    embedding: str = "sum"
    """How z enters the generator at its six places: ``sum``, added (the paper); ``film``, it also
    scales the channels (FiLM, arXiv 1709.07871)."""

    mix: bool = False
    """Whether the generator also predicts a mask m of the warped source in the result:
    m warp(source) + (1 - m) generated."""

    outside: str = "border"
    """Values of the warp where the motion points outside the source: ``border``, repeated edge
    pixels (first-order-model); ``painted``, nothing: only the generator's picture is used there
    (beyond the paper)."""

    reach: float = 1.0
    """Side of the canvas that the generator's encoder sees, relative to the animated square: above
    1 the result can show what the photograph has beyond the square. Changes no weights."""

    with_scale_transform: bool = True
    """False: without the scale transformation (an ablation trained separately)."""

    with_scale_embedding: bool = True
    """False: without the scale embedding (an ablation trained separately)."""

    def __post_init__(self):
        if isinstance(self.widths, list):  # JSON has no tuples
            object.__setattr__(self, "widths", tuple(self.widths))
        _check_values(self)
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
        if self.detector_unshuffle < 1 or self.refinement_width < 0:
            raise ValueError(
                f"detector_unshuffle, refinement_width: found {self.detector_unshuffle} and "
                f"{self.refinement_width}, expected at least 1 and 0"
            )
        if self.warped_hints is not None and not 0 <= self.warped_hints <= self.keypoints:
            raise ValueError(
                f"warped_hints: found {self.warped_hints}, expected 0 to {self.keypoints} keypoints"
            )
        for name in (*GAINS, "reach"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: found {getattr(self, name):g}, expected at least 1")
        if max(self.gains) > 1 and self.keypoints < WITH_LIDS:
            raise ValueError(
                f"keypoints: found {self.keypoints}, expected {WITH_LIDS} or more where "
                f"{', '.join(GAINS[:-1])} or {GAINS[-1]} is above 1"
            )
        for name, words in CHOICES.items():
            if (found := getattr(self, name)) not in words:
                raise ValueError(f"{name}: found {found!r:.40}, expected {' or '.join(words)}")
        if self.mask_kernel % 2 == 0:
            raise ValueError(f"mask_kernel: found {self.mask_kernel}, expected an odd number")
        if len(self.widths) != 3 or min(self.widths) < 1:
            raise ValueError(f"widths: found {self.widths}, expected three positive numbers")
        if self.temperature <= 0:
            raise ValueError(f"temperature: found {self.temperature}, expected more than 0")

    @property
    def gains(self) -> tuple[float, ...]:
        """Return the values of ``GAINS``."""
        return tuple(getattr(self, name) for name in GAINS)

    @property
    def moves_picture(self) -> bool:
        """Return whether the generator needs the warped source picture itself."""
        return self.mix or self.first_tap == "picture"

    def margin(self, side: int) -> int:
        """Return the pixels that a canvas adds at each edge of a square: a multiple of 8."""
        return 8 * round((self.reach - 1) * int(side) / 16)  # a traced side is a tensor

    @property
    def takes_bounds(self) -> bool:
        """Return whether the generator needs to know where a canvas ends."""
        return self.outside == "painted" and self.reach > 1

    def to_dict(self) -> dict:
        """Return the configuration as plain JSON values."""
        return {**asdict(self), "widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: dict) -> "ModelConfig":
        """Return the configuration of plain values; raises ValueError that names unknown fields."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"config: unknown fields {unknown}, expected some of {sorted(known)}")
        return cls(**values)


def _check_values(config: ModelConfig) -> None:
    """Check type and range of every field; raises ValueError that names the field."""
    for item in fields(config):
        value, most = getattr(config, item.name), MOST.get(item.name, MOST_CHANNELS)
        least = 0 if item.name in MAY_BE_ZERO else 1
        match item.default:
            case bool() | str():
                fits, expected = type(value) is type(item.default), type(item.default).__name__
            case float():
                fits = type(value) in (int, float) and math.isfinite(value) and value <= most
                expected = f"a number up to {most:g}"
            case _:
                numbers = value if isinstance(value, tuple) else (value,)
                fits = all(type(number) is int and least <= number <= most for number in numbers)
                fits = fits and isinstance(value, tuple) == isinstance(item.default, tuple)
                fits = fits or (value is None and item.default is None)
                expected = f"whole numbers from {least} to {most}"
        if not fits:
            raise ValueError(f"{item.name}: found {str(value):.40}, expected {expected}")


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
"""``lite``: for CPUs; ``base``: one GPU; ``paper``: reproduction; ``lite-speaking`` and
``base-speaking``: the same widths with the parts beyond the paper that make faces speak and blink,
into which ``ostnet.model.growth`` grows the former; ``lite-quick``: that with a cheaper generator;
``micro``: with a smaller generator and dense motion too, for browsers without a GPU."""

SPEAKING = {
    "keypoints": 30,
    "detector_unshuffle": 2,
    "warped_hints": 15,
    "candidates": "turn",
    "refinement_width": 16,
    "embedding": "film",
    "mix": True,
}
"""Fields in which the ``-speaking`` presets differ from the others."""
PRESETS |= {f"{name}-speaking": replace(PRESETS[name], **SPEAKING) for name in ("lite", "base")}
QUICK = {"residual_blocks": 2, "first_tap": "picture"}
PRESETS["lite-quick"] = replace(PRESETS["lite-speaking"], **QUICK)
MICRO = {"motion_max_width": 64, "warped_hints": 4, "widths": (24, 40, 64), "residual_blocks": 1}
PRESETS["micro"] = replace(PRESETS["lite-quick"], **MICRO, merge="add")
