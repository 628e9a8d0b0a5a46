"""One video from beginning to end: its tracks, those worth keeping, their clips."""

import contextlib
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from ostnet.dataset.prepare import crops, quality
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip
from ostnet.dataset.prepare.source_videos import Video
from ostnet.dataset.prepare.stretch import Stretch
from ostnet.dataset.prepare.tracks import Track
from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.media.probe import probe
from ostnet.media.track import FaceTrack
from ostnet.media.video import VideoWriter


@dataclass(frozen=True)
class Clip:
    """One row of the manifest, but for its split."""

    file: str
    """Path below the output folder."""
    identity: str
    frames: int
    partition: str | None
    source: str
    start: float
    """Seconds into the source."""
    end: float
    left: int
    """Of the square, in the source's pixels."""
    top: int
    side: int
    face: float
    """Median longer side of the face, in the source's pixels."""
    sharpness: float
    """See ``quality.sharpness``."""
    lost: float
    """Share of looks without the face."""


@dataclass
class Result:
    """What became of a video."""

    clips: list[Clip] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def cut(video: Video, config: PrepareConfig) -> Result:
    """Find the tracks of a video and write the clips of those worth keeping.

    A video that cannot be read becomes a skip with its reason. Raises OSError where the clips
    cannot be written.
    """
    result = Result()
    try:
        info = probe(video.path)
    except InputError as error:
        return Result(skips=[Skip(video.file, str(error))])
    for number, span in enumerate(video.spans):
        try:
            _cut_span(Stretch(video, info, span, number, config), result)
        except InputError as error:
            result.skips.append(Skip(video.file, str(error), span.start, span.end))
    if not result.clips and not result.skips:
        result.skips.append(Skip(video.file, "no face"))
    return result


def _cut_span(stretch: Stretch, result: Result) -> None:
    """Add a stretch's clips, written, and its skips to the result."""
    wanted: list[tuple[Track, Crop]] = []
    for track in stretch.tracks():
        framing = _framing(stretch, track)
        if reason := quality.flaw(track, framing, stretch.config):
            result.skips.append(stretch.skip(track, reason))
        else:
            wanted.append((track, framing.crop if framing else stretch.crop))
    if wanted:
        result.clips += _write(stretch, wanted)


def _framing(stretch: Stretch, track: Track) -> crops.Framing | None:
    """The square of a track; None where it was given or no face was seen."""
    if stretch.crop is not None or not track.seen:
        return None
    looks = len(track.seen) + len(track.missed)
    faces = FaceTrack(track.boxes, looks, stretch.info.height, stretch.info.width)
    return crops.frame_face(faces, stretch.config.margin)


def _write(stretch: Stretch, wanted: list[tuple[Track, Crop]]) -> list[Clip]:
    """Write all clips of a stretch in one more pass over its frames."""
    folder, config = stretch.config.output, stretch.config
    names = [
        f"clips/{stretch.video.key}-{stretch.number:03d}-{number:03d}.mp4"
        for number in range(len(wanted))
    ]
    frames = [0] * len(wanted)
    with contextlib.ExitStack() as files:
        writers: dict[int, tuple[VideoWriter, contextlib.ExitStack]] = {}
        until = max(track.end for track, _ in wanted)
        for index, frame in enumerate(stretch.frames(until)):
            for number, (track, crop) in enumerate(wanted):
                if not track.start <= index < track.end:
                    continue
                if index == track.start:
                    own = files.enter_context(contextlib.ExitStack())
                    writer = VideoWriter(
                        folder / names[number], Fraction(config.fps), crf=config.crf
                    )
                    writers[number] = own.enter_context(writer), own
                writer, own = writers[number]
                _append(writer, crop.apply(frame, config.size))
                frames[number] = writer.frames
                if index == track.end - 1:
                    own.close()
    if not all(frames):
        raise RuntimeError("the second reading of the video ended before the first")
    return [
        _clip(stretch, track, crop, name, count)
        for (track, crop), name, count in zip(wanted, names, frames, strict=True)
    ]


def _append(writer: VideoWriter, picture: np.ndarray) -> None:
    """Write a frame; a folder that cannot be written to is not the video's fault."""
    try:
        writer.write(picture)
    except InputError as error:
        raise OSError(str(error)) from error


def _clip(stretch: Stretch, track: Track, crop: Crop, name: str, frames: int) -> Clip:
    return Clip(
        file=name,
        identity=stretch.span.identity,
        frames=frames,
        partition=stretch.span.partition,
        source=stretch.video.file,
        start=stretch.seconds(track.start),
        end=stretch.seconds(track.end),
        left=crop.left,
        top=crop.top,
        side=crop.size,
        face=round(float(np.median([box.side for box in track.boxes])), 1),
        sharpness=round(track.sharpness, 1),
        lost=round(track.lost, 3),
    )
