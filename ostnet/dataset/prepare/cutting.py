"""Preparation of one video: its tracks, their quality, their clips."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from ostnet.dataset.prepare import annotations, quality, tracks
from ostnet.dataset.prepare.results import Clip, Result
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.shots import Face, scan
from ostnet.dataset.prepare.source_frames import source_frames
from ostnet.dataset.prepare.tracks import Track
from ostnet.dataset.prepare.videos import Skip, Span, Video
from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector, make_detector
from ostnet.media.probe import VideoInfo, probe
from ostnet.media.square import Crop
from ostnet.media.track import FaceTrack
from ostnet.media.video import VideoWriter


@functools.cache
def detector(name: str, device: str) -> Detector:
    """Return the detector of this process, made once."""
    return make_detector(name, device)


class Stretch:
    """A span of a video with its frames and faces.

    Args:
        video: the video.
        info: its rate and size.
        span: the span.
        number: counts the spans of the video.
        config: rate, size and limits of the clips.
        stopped: once it returns True, no more frames are read.

    Raises:
        InputError: the span's track file cannot be read.
    """

    def __init__(
        self,
        video: Video,
        info: VideoInfo,
        span: Span,
        number: int,
        config: PrepareConfig,
        stopped: Callable[[], bool],
    ):
        self.video, self.info, self.span, self.config = video, info, span, config
        self.number, self._stopped = number, stopped
        self.start, self.end, self.boxes = span.start, span.end, None
        if span.track is not None:
            boxes = annotations.read_track(span.track, info.width, info.height)
            first, fps = min(boxes), annotations.FPS
            self.start, self.end = first / fps, (max(boxes) + 1) / fps
            self.boxes = {frame - first: box for frame, box in boxes.items()}
        self.crop = span.crop and quality.square_of(span.crop, info.height, info.width)
        """The square to cut, if the annotations give it."""

    def frames(self, until: int | None = None) -> Iterator[np.ndarray]:
        """Yield the first ``until`` or all frames, uint8 (H, W, 3).

        Raises:
            InterruptedError: the preparation is stopped.
        """
        end = self.end if until is None else self.start + (until + 1) / self.config.fps
        for frame in source_frames(self.video.path, self.info, self.config.fps, self.start, end):
            if self._stopped():
                raise InterruptedError(f"stopped while '{self.video.path}' was read")
            yield frame

    def find(self, frame: int, image: np.ndarray) -> list[Face]:
        """Return the faces of a frame: those of the annotations, those in the square, or all."""
        if self.boxes is not None:
            box = self.boxes.get(round(frame * annotations.FPS / self.config.fps))
            found = [] if box is None else [box]
        else:
            find = detector(self.config.detector, self.config.device).detect
            found = find(image) if self.crop is None else _find_inside(image, self.crop, find)
        return [Face(box, quality.sharpness(image, box)) for box in found]

    def tracks(self) -> Iterator[Track]:
        """Yield its tracks, none longer than the longest clip."""
        config = self.config
        for shot in scan(self.frames(), self.find, config.detect_every, config.shot_threshold):
            if self.crop is None:
                found = tracks.follow(shot, config.iou, config.max_gap)
            else:
                found = [tracks.whole(shot)]
            for track in found:
                yield from tracks.divide(track, config.max_frames)

    def seconds(self, frame: int) -> float:
        """Return the time of a frame in the video, in seconds."""
        return round(self.start + frame / self.config.fps, 3)

    def skip(self, track: Track, reason: str) -> Skip:
        """Return the row of ``skipped.csv`` for a track."""
        return Skip(self.video.file, reason, self.seconds(track.start), self.seconds(track.end))


def _find_inside(
    image: np.ndarray, crop: Crop, find: Callable[[np.ndarray], list[Box]]
) -> list[Box]:
    """Find faces in a square of the picture, in pixels of the picture."""
    inside = image[crop.top : crop.top + crop.size, crop.left : crop.left + crop.size]
    return [
        Box(
            box.left + crop.left,
            box.top + crop.top,
            box.right + crop.left,
            box.bottom + crop.top,
        )
        for box in find(np.ascontiguousarray(inside))
    ]


def cut(video: Video, config: PrepareConfig, stopped: Callable[[], bool]) -> Result:
    """Find the tracks of a video and write the clips of those that are good enough.

    A video that cannot be read becomes a skip. Raises OSError if the clips cannot be written, and
    InterruptedError once ``stopped`` returns True.
    """
    result = Result()
    try:
        info = probe(video.path)
    except InputError as error:
        return Result(skips=[Skip(video.file, str(error))])
    for number, span in enumerate(video.spans):
        try:
            _cut_span(Stretch(video, info, span, number, config, stopped), result)
        except InputError as error:
            result.skips.append(Skip(video.file, str(error), span.start, span.end))
    if not result.clips and not result.skips:
        result.skips.append(Skip(video.file, "no face"))
    return result


def _cut_span(stretch: Stretch, result: Result) -> None:
    """Write a stretch's clips; add them and its skips to the result."""
    wanted: list[tuple[Track, Crop]] = []
    for track in stretch.tracks():
        framing = _framing(stretch, track)
        if reason := quality.flaw(track, framing, stretch.config):
            result.skips.append(stretch.skip(track, reason))
        else:
            crop = framing.crop if framing else stretch.crop
            assert crop is not None  # a track without flaw has a framing or a given square
            wanted.append((track, crop))
    if wanted:
        result.clips += _write(stretch, wanted)


def _framing(stretch: Stretch, track: Track) -> quality.Framing | None:
    """Return the square of a track; None if the annotations give it or no face was found."""
    if stretch.crop is not None or not track.seen:
        return None
    looks = len(track.seen) + len(track.missed)
    faces = FaceTrack(track.boxes, looks, stretch.info.height, stretch.info.width)
    return quality.frame_face(faces, stretch.config.margin)


def _write(stretch: Stretch, wanted: list[tuple[Track, Crop]]) -> list[Clip]:
    """Write all clips of a stretch in a second pass over its frames."""
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
    """Write a frame. Raises OSError, not InputError, where the folder is not writable."""
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
