"""``score``: the same metrics for anyone's videos, without our model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage

from ostnet.errors import InputError
from ostnet.evaluation import definitions, metrics, report, tables
from ostnet.evaluation.clips import square
from ostnet.evaluation.columns import (
    Record,
    following_columns,
    identity_columns,
    image_columns,
    landmark_columns,
    scale_columns,
)
from ostnet.evaluation.definitions import Metric
from ostnet.evaluation.embedders import make_embedder
from ostnet.evaluation.faces import Face, FaceReader
from ostnet.evaluation.landmarkers import make_landmarker
from ostnet.evaluation.store import write_records
from ostnet.evaluation.tables import Row
from ostnet.media.video import probe, read_frames, read_image

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")

JITTER = [
    Metric(
        "landmark_jitter_ratio",
        "landmark_jitter_ratio",
        "mean",
        "mean second difference over time of 68 landmarks, generated over reference; mean over "
        "clips; failures are frames of clips with a lost face",
        "landmarker",
    )
]


@dataclass
class ScoreConfig:
    """Options of ``ostnet score``."""

    generated: Path
    """Folder of generated videos."""

    reference: Path
    """Folder of videos of the same names: the ground truth, or with ``cross_identity`` the driving
    videos."""

    output: Path
    """Folder for report.json, report.md and frames.csv."""

    source: Path | None = None
    """Folder of source pictures (or videos, of which the first frame counts) of the same names."""

    cross_identity: bool = False
    """The reference is another person: identity against the source, motion against the reference,
    nothing pixel by pixel. Needs ``source``."""

    name: str | None = None
    """What to call the method in the report; default: the name of the folder ``generated``."""

    landmarker: str = "dlib"
    """dlib or face-alignment."""

    embedder: str = "dlib"
    """dlib."""

    lineage: bool = False
    """Add SSIM and PSNR with data_range 2."""

    device: str = "cpu"
    """Where face-alignment runs."""

    def __post_init__(self):
        self.generated, self.reference = Path(self.generated), Path(self.reference)
        self.output = Path(self.output)
        self.source = Path(self.source) if self.source else None
        for role in ("generated", "reference", "source"):
            folder = getattr(self, role)
            if folder is not None and not folder.is_dir():
                raise InputError(f"{role}: {folder} is no folder; give one with videos")
        if self.cross_identity and self.source is None:
            raise InputError("source: missing; --cross-identity needs the source pictures")


def score(config: ScoreConfig) -> list[Row]:
    """Score every generated video against the reference of the same name; write the report.

    Frames are compared one by one as centre squares of 256 pixels. Returns the rows of
    ``report.json``. Raises InputError where a partner is missing or of another length.
    """
    reader = FaceReader(
        make_landmarker(config.landmarker, config.device), make_embedder(config.embedder)
    )
    method = config.name or config.generated.resolve().name
    records = []
    for video in _files(config.generated, VIDEOS, "generated"):
        records += _score_video(config, reader, method, video)
    config.output.mkdir(parents=True, exist_ok=True)
    write_records(config.output / "frames.csv", records)
    head = {
        "protocol": "cross-identity" if config.cross_identity else "same-scale",
        "dataset": config.reference.resolve().name,
    }
    backends = {
        "numpy": "ostnet",
        "scikit-image": f"scikit-image {skimage.__version__}",
        "landmarker": reader.landmarker.name,
        "embedder": reader.embedder.name,
    }
    rows = tables.rows(records, _table(config, reader), head, backends, {})
    settings = {"generated": method, "reference": head["dataset"]}
    report.write_json(config.output / "report.json", rows, settings)
    text = report.markdown(rows, settings)
    (config.output / "report.md").write_text(text, encoding="utf-8")
    return rows


def _table(config: ScoreConfig, reader: FaceReader) -> list[Metric]:
    if config.cross_identity:
        table = [
            metric
            for metric in definitions.cross_metrics(reader.embedder.key)
            if not metric.column.startswith("scale_error_matched")
        ]
    else:
        table = [
            metric
            for metric in definitions.reconstruction_metrics(config.lineage)
            if metric.backend != "module"
        ]
        if config.source is not None:
            table += definitions.identity_metrics(reader.embedder.key)
    return table + JITTER


def _score_video(config: ScoreConfig, reader: FaceReader, method: str, video: Path) -> list[Record]:
    """One record per frame of one video."""
    reference = _partner(config.reference, video, VIDEOS, "reference")
    _same_length(video, reference)
    identity = config.source is not None
    source = None
    if identity:
        picture = _first_picture(_partner(config.source, video, PICTURES + VIDEOS, "source"))
        source = reader.read([picture], identity=True)[0]
    records, outputs, drivers = [], [], []
    for index, (image, truth) in enumerate(_frame_pairs(video, reference)):
        (face,) = reader.read([image], identity)
        (driver,) = reader.read([truth], identity)
        outputs.append(face)
        drivers.append(driver)
        record = {"method": method, "pair": len(records), "person": video.stem}
        record |= {"source": video.stem, "driving": reference.name, "frame": index}
        if config.cross_identity:
            record |= scale_columns("scale_error", face, source)
        else:
            record |= image_columns(truth, image, config.lineage)
            record |= landmark_columns(face, driver)
        if identity:
            record |= identity_columns(reader.embedder.key, face, source, driver)
        records.append(record | following_columns(face, driver))
    ratio = _jitter(outputs) / _jitter(drivers)
    return [record | {"landmark_jitter_ratio": ratio} for record in records]


def _jitter(faces: list[Face | None]) -> float:
    """Jitter of a clip; NaN where a face was lost or nothing moves."""
    if any(face is None for face in faces):
        return float("nan")
    return metrics.landmark_jitter(np.stack([face.landmarks for face in faces])) or float("nan")


def _frame_pairs(video: Path, reference: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for image, truth in zip(read_frames(video), read_frames(reference), strict=True):
        yield square(image), square(truth)


def _same_length(video: Path, reference: Path) -> None:
    found, expected = probe(video).frames, probe(reference).frames
    if found != expected:
        raise InputError(
            f"generated: {video.name} has {found} frames, its reference {expected}; cut them to "
            "the same length"
        )


def _first_picture(path: Path) -> np.ndarray:
    if path.suffix.lower() in PICTURES:
        return square(read_image(path))
    return square(next(iter(read_frames(path, max_frames=1))))


def _files(folder: Path, suffixes: tuple[str, ...], role: str) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not found:
        raise InputError(f"{role}: {folder} holds no file of {', '.join(suffixes)}; add some")
    return found


def _partner(folder: Path, video: Path, suffixes: tuple[str, ...], role: str) -> Path:
    for suffix in suffixes:
        candidate = folder / f"{video.stem}{suffix}"
        if candidate.is_file():
            return candidate
    raise InputError(f"{role}: {folder} holds no file named {video.stem}; add it")
