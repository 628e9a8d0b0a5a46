"""How far graphs may be from eager float32."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Differences:
    """Of graphs to the model itself, over all four variants."""

    pixel_max: float
    """Largest difference of a pixel of the result, in 1/255."""
    pixel_mean: float
    """Mean difference, in 1/255."""
    keypoints: float
    """Largest difference of a keypoint's coordinate, in [-1, 1] coordinates."""
    scale: float
    """Largest difference of the measured scale."""

    def to_dict(self) -> dict[str, float]:
        """As plain JSON values."""
        return asdict(self)


TOLERANCES = {
    "f32": Differences(pixel_max=2.0, pixel_mean=0.25, keypoints=1e-3, scale=1e-3),
    "int8": Differences(pixel_max=48.0, pixel_mean=1.0, keypoints=1e-3, scale=1e-3),
    "bf16": Differences(pixel_max=48.0, pixel_mean=1.0, keypoints=1e-3, scale=1e-3),
}
"""What a back end may differ by: less than can be seen, and keypoints that are the same.

Convolutions of dense motion in bf16 or int8 leave flows off by a fraction of a pixel, which tells
at sharp edges, most where it is unclear what a pixel follows, as in the made-up pictures that are
compared.
"""


def within(found: Differences, precision: str = "f32") -> bool:
    """Whether no difference is above its limit (nor no number at all)."""
    pairs = zip(found.to_dict().values(), TOLERANCES[precision].to_dict().values(), strict=True)
    return all(value <= limit for value, limit in pairs)
