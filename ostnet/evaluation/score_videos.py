"""``ostnet score``: the metrics of the reports for generated videos of any method."""

import warnings
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
from ostnet.evaluation.metrics.definitions import PERCEPTUAL, Metric, frame_mean
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.metrics.instruments import MetricOptions, backends, make_reader
from ostnet.evaluation.metrics.regions import NO_WEIGHTS, load_region_distance
from ostnet.evaluation.protocols import PROTOCOLS
from ostnet.evaluation.protocols.stability import jitter
from ostnet.evaluation.report import report_files, tables
from ostnet.evaluation.report.group_store import write_records
from ostnet.evaluation.report.tables import Row
from ostnet.media.video import probe, read_frames, read_image

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")

SAME, CROSS = "same-scale", "cross-identity"
"""Protocols under whose names the rows are reported."""

JITTER = frame_mean(
    "landmark_jitter_ratio",
    "mean second difference over time of 68 landmarks, generated over reference; mean over "
    "clips, each as often as it has frames; failures are frames of clips with a lost face",
    "landmarker",
)


@dataclass
class ScoreConfig(MetricOptions):
    """Options of ``ostnet score``."""

    generated: Path
    """Folder of generated videos. Frames are compared one by one, as centre squares of 256
    pixels."""

    reference: Path
    """Folder of videos with the same names: the ground truth, or with ``cross_identity`` the
    driving videos."""

    output: Path
    """Folder for report.json, report.md and frames.csv."""

    source: Path | None = None
    """Folder of source pictures with the same names; of a video, the first frame is used."""

    cross_identity: bool = False
    """The reference shows another person: compare identity with the source and motion with the
    reference, and no pixels. Needs ``source``."""

    name: str | None = None
    """Name of the method in the report; default: the name of the folder ``generated``."""

    def __post_init__(self):
        self.generated, self.reference = Path(self.generated), Path(self.reference)
        self.output = Path(self.output)
        self.source = Path(self.source) if self.source else None
        super().__post_init__()
        for role in ("generated", "reference", "source"):
            folder = getattr(self, role)
            if folder is not None and not folder.is_dir():
                raise InputError(f"{role}: {folder} is not a folder; give one with videos")
        if self.cross_identity and self.source is None:
            raise InputError("source: missing; --cross-identity needs the source pictures")


def score(config: ScoreConfig) -> list[Row]:
    """Score every generated video against the reference of the same name; write the report.

    Frames are compared one by one as centre squares of 256 pixels; intervals are over people where
    the names contain them (``data.clips.NAMINGS``), else over videos. Returns the rows of
    ``report.json``. Raises InputError where a partner is missing or of another length.
    """
    if config.lineage and config.cross_identity:
        warnings.warn("--lineage: has no effect with --cross-identity", stacklevel=2)
    videos = sorted(path for path in config.generated.iterdir() if path.suffix.lower() in VIDEOS)
    if not videos:
        raise InputError(
            f"generated: {config.generated} holds no video ({', '.join(VIDEOS)}); add some"
        )
    config.output.mkdir(parents=True, exist_ok=True)
    scorer = _Scorer(config, recognise([video.name for video in videos]))
    records = [record for video in videos for record in scorer.records(video)]
    write_records(config.output / "frames.csv", records)
    rows = scorer.rows(records)
    settings = {"generated": scorer.method, "reference": config.reference.resolve().name}
    headlines = {name: PROTOCOLS[name].headline for name in (SAME, CROSS)}
    report_files.write_report(config.output, rows, settings, headlines)
    return rows


class _Scorer:
    """Measures one video after another."""

    def __init__(self, config: ScoreConfig, naming: str):
        """Load the networks; naming: key of ``data.clips.NAMINGS`` for the people's names."""
        self.config, self._naming = config, naming
        device = str(choose_device(config.device))
        self.reader = make_reader(config, device)
        self.perceptual = None if config.cross_identity else load_region_distance(device)
        self.method = config.name or config.generated.resolve().name

    def records(self, video: Path) -> list[Record]:
        """Return one record per frame of a generated video."""
        reference = _partner(self.config.reference, video, VIDEOS, "reference")
        found, expected = probe(video).frames, probe(reference).frames
        if found != expected:
            raise InputError(
                f"generated: {video.name} has {found} frames, its reference {expected}; cut both "
                "to the same length"
            )
        source = self._source(video)
        faces, drivers, records = [], [], []
        frames = zip(read_frames(video), read_frames(reference), strict=True)
        for index, (image, truth) in enumerate((square(a), square(b)) for a, b in frames):
            face, driver = self.reader.read([image, truth], self.config.source is not None)
            faces.append(face)
            drivers.append(driver)
            record = {
                "method": self.method,
                "pair": index,
                "person": id_of(video.name, self._naming),
                "source": video.stem,
                "driving": reference.name,
                "frame": index,
            }
            records.append(record | self._columns(image, truth, face, driver, source))
        leave_out_blinks(records)
        ratio = jitter(faces) / (jitter(drivers) or np.nan)  # NaN if the reference does not move
        return [record | {JITTER.name: ratio} for record in records]

    def rows(self, records: list[Record]) -> list[Row]:
        """Return the report's rows on all videos."""
        head = {
            "protocol": CROSS if self.config.cross_identity else SAME,
            "dataset": self.config.reference.resolve().name,
        }
        table = [*_table(self.config), JITTER, *(PERCEPTUAL if self.perceptual else [])]
        rows = tables.rows(records, table, head, backends(self.reader, self.perceptual), {})
        if not self.config.cross_identity and not self.perceptual:
            rows += tables.unavailable(PERCEPTUAL, [self.method], head, NO_WEIGHTS)
        return rows

    def _source(self, video: Path) -> Face | None:
        """Return the face of the source picture, where one is given."""
        if self.config.source is None:
            return None
        path = _partner(self.config.source, video, PICTURES + VIDEOS, "source")
        if path.suffix.lower() in PICTURES:
            picture = read_image(path, sandboxed=False)
        else:
            picture = next(iter(read_frames(path, max_frames=1)))
        return self.reader.read([square(picture)], identity=True)[0]

    def _columns(
        self,
        image: np.ndarray,
        truth: np.ndarray,
        face: Face | None,
        driver: Face | None,
        source: Face | None,
    ) -> Record:
        """Compare one frame with its reference and its source."""
        if self.config.cross_identity:
            record = scale_columns("scale_error", face, source)
        else:
            record = image_columns(truth, image, self.config.lineage)
            if self.perceptual:
                record |= self.perceptual.columns(image, truth, driver)
            record |= landmark_columns(face, driver)
        if self.config.source is not None:
            record |= identity_columns(face, source, driver)
        return record | following_columns(face, driver)


def _table(config: ScoreConfig) -> list[Metric]:
    """Return the metrics that need neither our model nor further frames of the source."""
    if config.cross_identity:
        return [m for m in definitions.CROSS if not m.column.startswith("scale_error_matched")]
    table = definitions.reconstruction_metrics(config.lineage)
    identity = definitions.IDENTITY if config.source else []
    return [*(metric for metric in table if metric.backend != "module"), *identity]


def _partner(folder: Path, video: Path, suffixes: tuple[str, ...], role: str) -> Path:
    """Return the file with a video's stem and one of the suffixes; InputError without any."""
    for suffix in suffixes:
        candidate = folder / f"{video.stem}{suffix}"
        if candidate.is_file():
            return candidate
    raise InputError(f"{role}: {folder} holds no file named {video.stem}; add it")
