"""What pictures and faces are measured with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(kw_only=True)
class MetricOptions:
    """Options that ``evaluate`` and ``score`` share."""

    landmarker: str = "dlib"
    """dlib or face-alignment."""

    embedder: str = "dlib"
    """dlib."""

    fan_weights: Path | None = None
    """Folder with 2DFAN4-11f355bf06.pth.tar and s3fd-619a316812.pth for landmarker face-alignment;
    default: that package downloads them."""

    lineage: bool = False
    """Add SSIM and PSNR as the lineage's published tables define them (data_range 2)."""

    device: str = "auto"
    """auto, cpu, cuda, ...: where the networks run."""

    def __post_init__(self):
        self.fan_weights = Path(self.fan_weights) if self.fan_weights else None
