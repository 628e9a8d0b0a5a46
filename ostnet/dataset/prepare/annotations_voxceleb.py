"""VoxCeleb1 (arXiv 1706.08612): its own face tracks, or the boxes of first-order-model's authors.

* The official folder holds ``idNNNNN/VIDEO/NNNNN.txt``, one file per track: a header (Identity,
  Reference, ...), then a table ``FRAME X Y W H`` with frames counted at 25 a second and boxes in
  pixels of the video at 360 lines.
* ``vox-metadata.csv`` of video-preprocessing has the columns video_id, start, end (frames),
  bbox (left-top-right-bottom), fps, width, height, partition and person_id. That project
  stretches a box to a square; here the box's longer side is kept.
"""

import csv
import re
from collections import defaultdict
from pathlib import Path

from ostnet.dataset.prepare.annotated import Annotated
from ostnet.dataset.prepare.source_videos import Span
from ostnet.errors import InputError
from ostnet.media.faces import Box

FPS = 25
LINES = 360
"""Frames a second and height of the videos that the official tracks were made on."""

TEST_PEOPLE = range(10270, 10310)
"""Numbers of the identities of the official test set."""

COLUMNS = ("video_id", "start", "end", "bbox", "fps", "width", "height")


def read_folder(folder: Path) -> list[Annotated]:
    """The official folder of tracks; their tables are read later, one video at a time."""
    spans = defaultdict(list)
    for track in sorted(folder.rglob("*.txt")):
        if len(track.parts) >= 3 and (number := re.fullmatch(r"id(\d+)", track.parts[-3])):
            partition = "test" if int(number[1]) in TEST_PEOPLE else "train"
            span = Span(track.parts[-3], track=track, partition=partition)
            spans[track.parts[-2]].append(span)
    return [Annotated((video,), tuple(found)) for video, found in spans.items()]


def read_track(file: Path, width: int, height: int) -> dict[int, Box]:
    """Frame number at 25 a second -> face box in pixels of a video of that size, in order.

    Boxes in fractions of the picture, as VoxCeleb2 has them, are understood as well. Raises
    InputError where there is no table.
    """
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    heads = [n for n, line in enumerate(lines) if line.split() == ["FRAME", "X", "Y", "W", "H"]]
    try:
        rows = [[float(cell) for cell in line.split()] for line in lines[heads[0] + 1 :]]
        rows = [(int(frame), x, y, w, h) for frame, x, y, w, h in filter(None, rows)]
        in_fractions = max(h for *_, h in rows) <= 2
    except (IndexError, ValueError) as error:
        raise InputError(
            f"annotations: '{file}' holds no face track; expected a table FRAME X Y W H"
        ) from error
    across, down = (width, height) if in_fractions else (height / LINES, height / LINES)
    return {
        frame: Box(x * across, y * down, (x + w) * across, (y + h) * down)
        for frame, x, y, w, h in sorted(rows)
    }


def read_metadata(file: Path) -> list[Annotated]:
    """``vox-metadata.csv``. Raises InputError where columns are missing or a row makes no sense."""
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
                        f"annotations: line {number} of '{file}' makes no sense; expected "
                        "frames, a box left-top-right-bottom, a rate and a size"
                    ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"annotations: '{file}' is no text; give a CSV file") from error
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
