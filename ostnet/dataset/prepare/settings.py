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
    """x264's quality of the clips; lower is better and larger."""

    margin: float = 1.85
    """Side of the square in face sides, as in VoxCeleb, plus the movement of the face."""

    min_margin: float = 1.5
    """Least side of the square in face sides in a small picture; below, the track is dropped."""

    max_shift: float = 0.2
    """Largest shift of the square to stay inside the picture, as a share of its side; beyond, the
    track is dropped."""

    shot_threshold: float = 0.3
    """Change of colours between frames that is a cut, in the quarter of the picture that changes
    most, 0 to 1."""

    detect_every: int = 5
    """Distance of the frames in which faces are detected."""

    iou: float = 0.25
    """Intersection over union with its first box below which a track ends."""

    max_gap: int = 25
    """Number of frames without the face after which its track ends."""

    min_frames: int = 64
    """Shortest clip kept."""

    max_frames: int = 1024
    """Longest clip; longer tracks are divided evenly."""

    max_lost: float = 0.2
    """Largest share of the looked-at frames without the face."""

    min_face: int | None = None
    """Least median side of the face in the source's pixels; default: half of ``size``."""

    min_sharpness: float = 25.0
    """Least median variance of the Laplacian over the face, on grey levels 0 to 255 with the face
    brought to 128 pixels; below, the clip is blurred."""

    identity: str | None = None
    """Regular expression whose first group, in a video's path relative to the folder, is the
    identity; default: every video has its own. Annotations take precedence."""

    val_share: float = 0.05
    """Share of the identities that go to split val."""

    test_share: float = 0.0
    """Share of the identities that go to split test; test people of the annotations stay test."""

    seed: int = 0
    """Seed of the split."""

    detector: str = "auto"
    """blazeface, face-alignment, dlib, or auto: the first that is installed."""

    device: str = "cpu"
    """Where face-alignment's network runs."""

    workers: int = 1
    """Number of processes on this machine."""

    ray: bool = False
    """Use a Ray cluster (RAY_ADDRESS, or this machine), whose machines share both folders under the
    same paths."""

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
                f"output: '{self.output}' lies in the folder of videos, where its clips would be "
                "taken for videos; choose another folder"
            )
        if self.output.exists() and not self.output.is_dir():
            raise InputError(f"output: '{self.output}' is a file; give a folder")
        if self.size < 64 or self.size % 2:
            raise InputError(f"size: found {self.size}, expected an even number from 64 on")
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
            raise InputError("val_share, test_share: together more than 1; give less")
        if self.max_frames < self.min_frames:
            raise InputError(
                f"max_frames: found {self.max_frames}, expected at least min_frames, "
                f"{self.min_frames}"
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
            raise InputError(f"identity: {self.identity!r} has no group; put the identity in (...)")
