"""Annotations of VoxCeleb1 and HDTF: which spans of which videos to use.

VoxCeleb1 (arXiv 1706.08612):

* The official folder holds ``idNNNNN/VIDEO/NNNNN.txt``, one file per track: a header (Identity,
  Reference, ...), then a table ``FRAME X Y W H`` with 25 frames per second and boxes in pixels of
  the video at a height of 360.
* ``vox-metadata.csv`` of the project video-preprocessing has the columns video_id, start, end
  (frames), bbox (left-top-right-bottom), fps, width, height, partition and person_id. That project
  stretches a box to a square; here the box's longer side is kept.

HDTF (Zhang et al., CVPR 2021), for each of its subsets RD, WDA and WRA:

* ``RD_annotion_time.txt``: ``Radio11.mp4 00:30-01:00 01:30-02:30``, the clips of a video.
* ``RD_crop_wh.txt``: ``Radio11_0.mp4 412 599 0 599``: left, width, top and height of the square of
  its first clip, in pixels of the video at the height in
* ``RD_resolution.txt``: ``Radio11.mp4 720``.
* ``RD_video_url.txt``: ``Radio11 https://www.youtube.com/watch?v=...``.

A file may be named ``Radio11``, ``RD_Radio11`` or as on YouTube. Without square or height of a
clip, its faces are detected.
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.videos import Skip, Span, Video, find_files, identity_of
from ostnet.errors import InputError
from ostnet.media.faces import Box

FPS = 25
LINES = 360
"""Frame rate and height of the videos that VoxCeleb1's tracks refer to."""

TEST_PEOPLE = range(10270, 10310)
"""Numbers of the identities in VoxCeleb1's official test set."""

COLUMNS = ("video_id", "start", "end", "bbox", "fps", "width", "height")
"""Required columns of ``vox-metadata.csv``."""

TIMES = "_annotion_time.txt"
"""End of the names of HDTF's lists of clips."""

NUMBERED = ("RD",)
"""Subsets of HDTF with numbered videos; elsewhere a number follows the name of a person."""


@dataclass(frozen=True)
class Annotated:
    """The annotations of one video."""

    names: tuple[str, ...]
    """Possible names of its file without suffix, the usual one first."""
    spans: tuple[Span, ...]


def find_videos(config: PrepareConfig) -> tuple[list[Video], list[Skip]]:
    """Return the videos to prepare, and skips for files and annotations without counterpart.

    A file's name without suffix gives its annotations. Without annotations, whole videos are used.

    Raises:
        InputError: there is no video, or the annotations cannot be read or match no video.
    """
    files = find_files(config.videos)
    if config.annotations is None:
        whole = [
            Video(path, file, (Span(identity_of(file, config.identity)),))
            for file, path in files.items()
        ]
        return whole, []
    annotated = read_annotations(config.annotations)
    by_name = {name: entry for entry in annotated for name in entry.names}
    videos, skips, used = [], [], set()
    for file, path in files.items():
        entry = by_name.get(path.stem)
        if entry is None:
            skips.append(Skip(file, "no annotation of this name"))
        elif entry.names in used:
            skips.append(Skip(file, "a second file of the same video"))
        else:
            used.add(entry.names)
            videos.append(Video(path, file, entry.spans))
    if not videos:
        raise InputError(
            f"annotations: none of the {len(annotated)} annotated videos "
            f"('{annotated[0].names[0]}', ...) is among the {len(files)} files "
            f"('{next(iter(files))}', ...); name the files as in the annotations"
        )
    skips += [
        Skip(entry.names[0], "annotated, but there is no file of this name")
        for entry in annotated
        if entry.names not in used
    ]
    return videos, skips


def read_annotations(path: Path) -> list[Annotated]:
    """Read annotations of any kind, ordered by name. Raises InputError."""
    if not path.exists():
        raise InputError(f"annotations: no file or folder '{path}'; check the path")
    if path.is_file():
        found = _read_metadata(path)
    elif any(path.glob(f"*{TIMES}")):
        found = _read_hdtf(path)
    else:
        found = _read_voxceleb(path)
    if not found:
        raise InputError(
            f"annotations: none found in '{path}'; expected VoxCeleb1's folders "
            "idNNNNN/VIDEO/NNNNN.txt, a vox-metadata.csv, or HDTF's lists *_annotion_time.txt"
        )
    return sorted(found, key=lambda entry: entry.names)


def _read_voxceleb(folder: Path) -> list[Annotated]:
    """Read the official folder of tracks; `read_track` reads their tables later."""
    spans = defaultdict(list)
    for track in sorted(folder.rglob("*.txt")):
        if len(track.parts) >= 3 and (number := re.fullmatch(r"id(\d+)", track.parts[-3])):
            partition = "test" if int(number[1]) in TEST_PEOPLE else "train"
            span = Span(track.parts[-3], track=track, partition=partition)
            spans[track.parts[-2]].append(span)
    return [Annotated((video,), tuple(found)) for video, found in spans.items()]


def read_track(file: Path, width: int, height: int) -> dict[int, Box]:
    """Read a VoxCeleb1 track: frame number -> face box in pixels of a video of that size, in order.

    Boxes in fractions of the picture, as in VoxCeleb2, are read as well. Raises InputError without
    a table.
    """
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    heads = [n for n, line in enumerate(lines) if line.split() == ["FRAME", "X", "Y", "W", "H"]]
    try:
        rows = [[float(cell) for cell in line.split()] for line in lines[heads[0] + 1 :]]
        rows = [(int(frame), x, y, w, h) for frame, x, y, w, h in filter(None, rows)]
        in_fractions = max(h for *_, h in rows) <= 2
    except (IndexError, ValueError) as error:
        raise InputError(
            f"annotations: '{file}' has no face track; expected a table FRAME X Y W H"
        ) from error
    across, down = (width, height) if in_fractions else (height / LINES, height / LINES)
    return {
        frame: Box(x * across, y * down, (x + w) * across, (y + h) * down)
        for frame, x, y, w, h in sorted(rows)
    }


def _read_metadata(file: Path) -> list[Annotated]:
    """Read ``vox-metadata.csv``. Raises InputError for missing columns and wrong rows."""
    spans = defaultdict(list)
    try:
        with file.open(newline="", encoding="utf-8") as text:
            reader = csv.DictReader(text)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise InputError(
                    f"annotations: '{file}' has columns {', '.join(reader.fieldnames or ['none'])}"
                    f"; missing {', '.join(missing)}"
                )
            for number, row in enumerate(reader, 2):
                video, _, person = row["video_id"].partition("#")
                try:
                    spans[video].append(_metadata_span(row, person))
                except (AttributeError, ValueError, TypeError, ZeroDivisionError) as error:
                    raise InputError(
                        f"annotations: line {number} of '{file}' is invalid; expected "
                        "frames, a box left-top-right-bottom, a rate and a size"
                    ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"annotations: '{file}' is not a text file; give a CSV file") from error
    return [
        Annotated((video,), tuple(sorted(found, key=lambda span: (span.start, span.identity))))
        for video, found in spans.items()
    ]


def _metadata_span(row: dict[str, str], person: str) -> Span:
    left, top, right, bottom = (
        float(edge) / float(row["height"]) for edge in row["bbox"].split("-")
    )
    fps = float(row["fps"])
    return Span(
        identity=row.get("person_id") or person or row["video_id"],
        start=float(row["start"]) / fps,
        end=float(row["end"]) / fps,
        crop=Box(left, top, right, bottom),
        partition=row.get("partition") or None,
    )


def _read_hdtf(folder: Path) -> list[Annotated]:
    """Read all subsets in a folder. Raises InputError for a wrong line."""
    found = []
    for times in sorted(folder.glob(f"*{TIMES}")):
        subset = times.name.removesuffix(TIMES)
        crops = _table(folder / f"{subset}_crop_wh.txt")
        heights = _table(folder / f"{subset}_resolution.txt")
        addresses = _table(folder / f"{subset}_video_url.txt")
        for file, clips in _table(times).items():
            name = file.removesuffix(".mp4")
            try:
                spans = tuple(
                    Span(
                        identity=name if subset in NUMBERED else name.rstrip("0123456789"),
                        start=_seconds(clip.partition("-")[0]),
                        end=_seconds(clip.partition("-")[2]),
                        crop=_crop(crops.get(f"{name}_{number}.mp4"), heights.get(file)),
                    )
                    for number, clip in enumerate(clips)
                )
            except ValueError as error:
                raise InputError(
                    f"annotations: the lines of '{file}' in '{folder}' are invalid ({error}); "
                    "restore the authors' lists"
                ) from error
            names = (name, f"{subset}_{name}", *_youtube(addresses.get(name, [])))
            found.append(Annotated(names, spans))
    return found


def _table(file: Path) -> dict[str, list[str]]:
    """Return first word -> other words of each line; empty if there is no file."""
    if not file.is_file():
        return {}
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise InputError(
            f"annotations: '{file}' is not a text file; restore the authors' lists"
        ) from error
    return {words[0]: words[1:] for words in lines if words}


def _seconds(clock: str) -> float:
    """Convert ``MM:SS`` or ``H:MM:SS`` to seconds."""
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def _crop(words: list[str] | None, lines: list[str] | None) -> Box | None:
    """Return the square in picture heights, None if it is unknown."""
    if not words or not lines:
        return None
    left, width, top, height = (float(word) / float(lines[0]) for word in words)
    return Box(left, top, left + width, top + height)


def _youtube(address: list[str]) -> list[str]:
    """Return the video's name on YouTube, if its address has one."""
    return parse_qs(urlparse(address[0]).query).get("v", []) if address else []
