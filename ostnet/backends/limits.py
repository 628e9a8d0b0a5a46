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


LIMITS = Differences(pixel_max=2.0, pixel_mean=0.25, keypoints=1e-3, scale=1e-3)
"""What a back end may differ by: less than can be seen, and motion that is the same."""


def within(found: Differences, limits: Differences = LIMITS) -> bool:
    """Whether no difference is above its limit (nor no number at all)."""
    pairs = zip(found.to_dict().values(), limits.to_dict().values(), strict=True)
    return all(value <= limit for value, limit in pairs)
