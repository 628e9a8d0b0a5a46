"""``score``: the same metrics for anyone's videos, without our model."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.animation.animator import choose_device
from ostnet.errors import InputError
from ostnet.evaluation.data.clips import id_of, recognise, square
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import (
    Record,
    following_columns,
    identity_columns,
    image_columns,
    landmark_columns,
    leave_out_blinks,
    scale_columns,
)
from ostnet.evaluation.metrics.definitions import PERCEPTUAL, Metric
from ostnet.evaluation.metrics.faces import Face, FaceReader, identity_of
from ostnet.evaluation.metrics.instruments import MetricOptions, backends, make_reader
from ostnet.evaluation.metrics.regions import NO_WEIGHTS, load_region_distance
from ostnet.evaluation.protocols.stability import jitter
from ostnet.evaluation.protocols.suite import SUITE
from ostnet.evaluation.report import report_files, tables
from ostnet.evaluation.report.group_store import write_records
from ostnet.evaluation.report.tables import Row
from ostnet.media.video import probe, read_frames, read_image

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")

SAME, CROSS = "same-scale", "cross-identity"
"""Protocols by whose names the rows go."""

JITTER = [
    Metric(
        "landmark_jitter_ratio",
        "landmark_jitter_ratio",
        "mean",
        "mean second difference over time of 68 landmarks, generated over reference; mean over "
        "clips, each as often as it has frames; failures are frames of clips with a lost face",
        "landmarker",
    )
]


@dataclass
class ScoreConfig(MetricOptions):
    """Options of ``ostnet score``."""

    generated: Path
    """Folder of generated videos. Frames are compared one by one, as centre squares of 256
    pixels."""

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

    def __post_init__(self):
        self.generated, self.reference = Path(self.generated), Path(self.reference)
        self.output = Path(self.output)
        self.source = Path(self.source) if self.source else None
        super().__post_init__()
        for role in ("generated", "reference", "source"):
            folder = getattr(self, role)
            if folder is not None and not folder.is_dir():
                raise InputError(f"{role}: {folder} is no folder; give one with videos")
        if self.cross_identity and self.source is None:
            raise InputError("source: missing; --cross-identity needs the source pictures")


def score(config: ScoreConfig) -> list[Row]:
    """Score every generated video against the reference of the same name; write the report.

    Frames are compared one by one as centre squares of 256 pixels; intervals are over people where
    the names tell them (``data.datasets.NAMINGS``), else over videos. Returns the rows of
    ``report.json``. Raises InputError where a partner is missing or of another length.
    """
    if config.lineage and config.cross_identity:
        warnings.warn("--lineage: not used by this kind of scoring", stacklevel=2)
    videos = files(config.generated, VIDEOS, "generated")
    config.output.mkdir(parents=True, exist_ok=True)
    scorer = _Scorer(config, recognise([video.name for video in videos]))
    for video in videos:
        scorer.add(video)
    write_records(config.output / "frames.csv", scorer.records)
    rows = scorer.rows()
    settings = {"generated": scorer.method, "reference": config.reference.resolve().name}
    headlines = {name: SUITE[name].headline for name in (SAME, CROSS)}
    report_files.write_report(config.output, rows, settings, headlines)
    return rows


class _Scorer:
    """Takes one video after another and keeps what its frames say."""

    def __init__(self, config: ScoreConfig, naming: str):
        """naming: key of ``data.datasets.NAMINGS``, by which a video's name tells the person."""
        self.config, self._naming = config, naming
        device = str(choose_device(config.device))
        self.reader = make_reader(config, device)
        self.perceptual = None if config.cross_identity else load_region_distance(device)
        self.method = config.name or config.generated.resolve().name
        self.records: list[Record] = []

    def add(self, video: Path) -> None:
        """One record per frame of one video."""
        reference = partner(self.config.reference, video, VIDEOS, "reference")
        check_length(video, reference)
        source = self._source(video)
        faces, drivers, records = [], [], []
        for index, (image, truth) in enumerate(frame_pairs(video, reference)):
            face, driver = self.reader.read([image, truth], self.config.source is not None)
            faces.append(face)
            drivers.append(driver)
            person = id_of(video.name, self._naming)
            record = {"method": self.method, "pair": index, "person": person}
            record |= {"source": video.stem, "driving": reference.name, "frame": index}
            record |= self._columns(image, truth, face, driver, source)
            records.append(record)
        leave_out_blinks(records)
        ratio = jitter(faces) / (jitter(drivers) or np.nan)  # NaN beside a reference at rest
        self.records += [record | {"landmark_jitter_ratio": ratio} for record in records]

    def rows(self) -> list[Row]:
        """The report on all videos."""
        head = {
            "protocol": CROSS if self.config.cross_identity else SAME,
            "dataset": self.config.reference.resolve().name,
        }
        table = _table(self.config, self.reader) + (PERCEPTUAL if self.perceptual else [])
        found = backends(self.reader, self.perceptual)
        rows = tables.rows(self.records, table, head, found, {})
        if not self.config.cross_identity and not self.perceptual:
            rows += tables.unavailable(PERCEPTUAL, [self.method], head, NO_WEIGHTS)
        return rows

    def _source(self, video: Path) -> Face | None:
        """Return the source picture's face, where it is given."""
        if self.config.source is None:
            return None
        picture = first_picture(partner(self.config.source, video, PICTURES + VIDEOS, "source"))
        return self.reader.read([picture], identity=True)[0]

    def _columns(
        self,
        image: np.ndarray,
        truth: np.ndarray,
        face: Face | None,
        driver: Face | None,
        source: Face | None,
    ) -> Record:
        """One frame beside its reference and its source."""
        if self.config.cross_identity:
            record = scale_columns("scale_error", face, source)
        else:
            record = image_columns(truth, image, self.config.lineage)
            if self.perceptual:
                record |= self.perceptual.columns(image, truth, driver)
            record |= landmark_columns(face, driver)
        if self.config.source is not None:
            who = (identity_of(face), identity_of(source), identity_of(driver))
            record |= identity_columns(*who)
        return record | following_columns(face, driver)


def _table(config: ScoreConfig, reader: FaceReader) -> list[Metric]:
    if config.cross_identity:
        table = [
            metric
            for metric in definitions.CROSS
            if not metric.column.startswith("scale_error_matched")
        ]
    else:
        table = [
            metric
            for metric in definitions.reconstruction_metrics(config.lineage)
            if metric.backend != "module"
        ]
        if config.source is not None:
            table += definitions.IDENTITY
    return table + JITTER


def frame_pairs(video: Path, reference: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of two videos of one length, side by side: uint8 (256, 256, 3) each."""
    for image, truth in zip(read_frames(video), read_frames(reference), strict=True):
        yield square(image), square(truth)


def check_length(video: Path, reference: Path) -> None:
    """Raises InputError where the two have different numbers of frames."""
    found, expected = probe(video).frames, probe(reference).frames
    if found != expected:
        raise InputError(
            f"generated: {video.name} has {found} frames, its reference {expected}; cut them to "
            "the same length"
        )


def first_picture(path: Path) -> np.ndarray:
    """A picture, or the first frame of a video: uint8 (256, 256, 3)."""
    if path.suffix.lower() in PICTURES:
        return square(read_image(path, apart=False))
    return square(next(iter(read_frames(path, max_frames=1))))


def files(folder: Path, suffixes: tuple[str, ...], role: str) -> list[Path]:
    """Those of a folder with these endings, by name; raises InputError where there is none."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not found:
        raise InputError(f"{role}: {folder} holds no file of {', '.join(suffixes)}; add some")
    return found


def partner(folder: Path, video: Path, suffixes: tuple[str, ...], role: str) -> Path:
    """The file of a video's name, whatever its ending; raises InputError where there is none."""
    for suffix in suffixes:
        candidate = folder / f"{video.stem}{suffix}"
        if candidate.is_file():
            return candidate
    raise InputError(f"{role}: {folder} holds no file named {video.stem}; add it")
