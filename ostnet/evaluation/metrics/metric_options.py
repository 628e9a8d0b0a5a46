"""What pictures and faces are measured with."""

from dataclasses import dataclass
from pathlib import Path

from ostnet.evaluation.metrics.network_metrics import OPTIONS


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

    lpips_weights: Path | None = None
    """Folder with alexnet-owt-7be5be79.pth and alex.pth; without it LPIPS is unavailable."""

    fid_network: Path | None = None
    """TorchScript file inception-2015-12-05.pt; without it FID is unavailable."""

    arcface: Path | None = None
    """ONNX file such as w600k_r50.onnx; without it csim_arcface and aed_arcface are unavailable."""

    openface: Path | None = None
    """Weights openface.pth of OpenFacePytorch; without it the lineage's AED is unavailable."""

    py_feat: Path | None = None
    """Folder of Py-Feat's weights, with that package installed; without it AUCON and PRMSE are
    unavailable."""

    lineage: bool = False
    """Add SSIM and PSNR as the lineage's published tables define them (data_range 2)."""

    device: str = "auto"
    """auto, cpu, cuda, ...: where the networks run."""

    def __post_init__(self):
        for name in ("fan_weights", *(option.field for option in OPTIONS.values())):
            value = getattr(self, name)
            setattr(self, name, Path(value) if value else None)
