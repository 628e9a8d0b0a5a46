"""Options of a preparation: folders, thresholds and shares."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.faces import PACKAGES

WITHOUT_EFFECT_ON_CLIPS = (
    "videos", "output", "annotations", "identity", "device", "val_share", "test_share", "seed",
    "workers", "ray", "shards", "shard_mb",
)  # fmt: skip
"""Fields that do not affect the clips of a video with the same annotations."""


@dataclass
class PrepareConfig:
    """Options of ``ostnet prepare``."""

    videos: Path
    """Folder of videos of any length and size, searched with its sub-folders."""

    output: Path
    """Folder for manifest.csv, skipped.csv and clips/; the same command continues an interrupted
    run."""

    annotations: Path | None = None
    """VoxCeleb1's folder of tracks (idNNNNN/VIDEO/NNNNN.txt), the vox-metadata.csv of
    video-preprocessing, or HDTF's folder of lists (*_annotion_time.txt and others); default: faces
    are detected in whole videos."""

    size: int = 256
    """Side of the clips in pixels."""

    fps: int = 25
    """Frames per second of the clips."""

    crf: int = 17
    """x264's constant rate factor for the clips; a lower one gives better and larger files."""

    margin: float = 1.85
    """Side of the square that is cut out, in sides of the face's bounding box, as in VoxCeleb; the
    movement of the face is added."""

    min_margin: float = 1.5
    """Smallest allowed side of the square, in the same unit, where the picture is too small; below
    it, the track is dropped."""

    max_shift: float = 0.2
    """Largest shift that brings the square inside the picture, as a share of its side; above it,
    the track is dropped."""

    shot_threshold: float = 0.3
    """Change of colours between two frames, 0 to 1, above which they are taken for a cut. It is
    measured in the quarter of the picture that changes most."""

    detect_every: int = 5
    """Detect faces in every N-th frame."""

    iou: float = 0.25
    """A track ends when the intersection over union with its first bounding box is below this."""

    max_gap: int = 25
    """A track ends after this many frames without the face."""

    min_frames: int = 64
    """Length of the shortest clip that is kept, in frames."""

    max_frames: int = 1024
    """Length of the longest clip, in frames; longer tracks are divided evenly."""

    max_lost: float = 0.2
    """Largest allowed share of the examined frames that lack the face."""

    min_face: int | None = None
    """Smallest allowed median side of the face, in pixels of the video; default: half of
    ``size``."""

    min_sharpness: float = 25.0
    """Smallest allowed median variance of the Laplacian over the face, resized to 128 pixels, in
    grey levels 0 to 255; below it, the clip counts as blurred and is dropped."""

    identity: str | None = None
    """Regular expression for a video's path relative to the folder; its first group is the
    identity. Default: each video is another person. Annotations take precedence."""

    val_share: float = 0.05
    """Share of the identities that go to split val."""

    test_share: float = 0.0
    """Share of the identities that go to split test. People whom the annotations put into test
    remain there."""

    seed: int = 0
    """Seed of the split."""

    detector: str = "auto"
    """blazeface, face-alignment, dlib, or auto: the first that is installed."""

    device: str = "cpu"
    """Device of face-alignment's network: cpu, cuda, ..."""

    workers: int = 1
    """Number of processes on this machine."""

    ray: bool = False
    """Use a Ray cluster (RAY_ADDRESS, or this machine). All its machines must find both folders
    under the same paths."""

    shards: bool = False
    """Also write WebDataset shards, shards/SPLIT-NNNNNN.tar."""

    shard_mb: int = 512
    """Largest size of a shard in megabytes of 1,000,000 bytes."""

    def __post_init__(self):
        self.videos, self.output = Path(self.videos), Path(self.output)
        self.annotations = Path(self.annotations) if self.annotations else None
        if self.min_face is None:
            self.min_face = self.size // 2
        if self.output.resolve().is_relative_to(self.videos.resolve()):
            raise InputError(
                f"output: '{self.output}' lies in the folder of videos, so its clips would be read "
                "as videos; choose another folder"
            )
        if self.output.exists() and not self.output.is_dir():
            raise InputError(f"output: '{self.output}' is a file; give a folder")
        if self.size < 64 or self.size % 2:
            raise InputError(f"size: found {self.size}, expected an even number of at least 64")
        for name in ("fps", "detect_every", "min_frames", "max_frames", "workers", "shard_mb"):
            self._at_least(name, 1)
        for name in ("max_gap", "min_face", "min_sharpness", "crf"):
            self._at_least(name, 0)
        for name in ("margin", "min_margin"):
            self._at_least(name, 1)
        for name in ("max_shift", "shot_threshold", "iou", "max_lost", "val_share", "test_share"):
            self._at_least(name, 0)
            if getattr(self, name) > 1:
                raise InputError(f"{name}: found {getattr(self, name)}, expected at most 1")
        if self.val_share + self.test_share > 1:
            raise InputError("val_share, test_share: their sum is above 1; give smaller shares")
        if self.max_frames < self.min_frames:
            raise InputError(
                f"max_frames: found {self.max_frames}, expected at least {self.min_frames} "
                "(min_frames)"
            )
        if self.detector not in ("auto", *PACKAGES):
            raise InputError(
                f"detector: found {self.detector!r}, expected auto, {', '.join(PACKAGES)}"
            )
        self._check_identity()

    def clip_settings(self) -> dict:
        """Return the settings that affect the clips of a video."""
        return {k: v for k, v in asdict(self).items() if k not in WITHOUT_EFFECT_ON_CLIPS}

    def _at_least(self, name: str, least: float) -> None:
        if not getattr(self, name) >= least:
            raise InputError(f"{name}: found {getattr(self, name)}, expected at least {least}")

    def _check_identity(self) -> None:
        if self.identity is None:
            return
        try:
            groups = re.compile(self.identity).groups
        except re.error as error:
            raise InputError(
                f"identity: {self.identity!r} is not a regular expression ({error}); "
                "give one such as '^([^/]+)/'"
            ) from error
        if groups < 1:
            raise InputError(
                f"identity: {self.identity!r} has no group; put the part for the identity in (...)"
            )
