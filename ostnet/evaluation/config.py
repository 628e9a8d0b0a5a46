"""What one evaluation does."""

from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError

PROTOCOLS = (
    "same-scale",
    "different-scale",
    "cross-identity",
    "scale-sweep",
    "rotation",
    "stability",
    "efficiency",
)
"""Names of the protocols, in the order of a report."""


@dataclass
class EvaluateConfig:
    """Options of ``ostnet evaluate``."""

    data: Path
    """Folder with manifest.csv (columns file, split; identity, kind and frames where known) and
    the clips it lists; rows of split val are used."""

    protocol: str
    """same-scale, different-scale, cross-identity, scale-sweep, rotation, stability, efficiency or
    all; several separated by commas."""

    output: Path
    """Folder for report.json, report.md, tables, plots and sheets; the same command on the same
    folder goes on where it stopped."""

    checkpoint: str | None = None
    """Folder or Hub repository of the network; default: the embedded weights."""

    compare: str | None = None
    """Two or more checkpoints to set side by side, separated by commas, in place of
    ``checkpoint``."""

    pairs: int | None = None
    """Pairs (source picture, driving frame) in all, spread evenly over the clips; default: by
    ``frames``."""

    seed: int = 0
    """Seed of the draw of scales."""

    frames: int | None = None
    """Driving frames per clip; default: the protocol's own number, 12 for the first three."""

    pair_list: Path | None = None
    """CSV with the columns source, driving, frame (and source_frame, s_x, s_y, person where
    wanted) in place of drawn pairs."""

    scale_per_clip: bool = False
    """Draw one scale per driving clip instead of one per frame."""

    methods: str = "all"
    """Methods to run, separated by commas; default: every method."""

    backbone: str | None = None
    """Checkpoint trained without the scale machinery and without augmentation."""

    backbone_augmented: str | None = None
    """Checkpoint trained without the scale machinery, with augmentation."""

    landmarker: str = "dlib"
    """dlib or face-alignment."""

    embedder: str = "dlib"
    """dlib."""

    lpips_weights: Path | None = None
    """Folder with alexnet-owt-7be5be79.pth and alex.pth; without it LPIPS is unavailable."""

    lineage: bool = False
    """Add SSIM and PSNR as the lineage's published tables define them (data_range 2)."""

    device: str = "auto"
    """auto, cpu, cuda, ..."""

    def __post_init__(self):
        self.data, self.output = Path(self.data), Path(self.output)
        for name in ("pair_list", "lpips_weights"):
            value = getattr(self, name)
            setattr(self, name, Path(value) if value else None)
        unknown = [name for name in self.protocols() if name not in PROTOCOLS]
        if unknown:
            raise InputError(
                f"protocol: {unknown[0]!r} is unknown; choose {', '.join(PROTOCOLS)} or all"
            )
        if self.compare is not None and "," not in self.compare:
            raise InputError("compare: found one checkpoint; give two or more")
        for name in ("pairs", "frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")

    def protocols(self) -> list[str]:
        """The protocols to run, in order."""
        return list(PROTOCOLS) if self.protocol == "all" else self.protocol.split(",")
