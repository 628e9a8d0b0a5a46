"""A span of a video with its frames, and the faces in them."""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from ostnet.dataset.prepare import annotations_voxceleb, crops, quality, tracks
from ostnet.dataset.prepare.scan import Face, scan
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip
from ostnet.dataset.prepare.source_frames import source_frames
from ostnet.dataset.prepare.source_videos import Span, Video
from ostnet.dataset.prepare.tracks import Track
from ostnet.media.crop import Crop
from ostnet.media.faces import Box, Detector, make_detector
from ostnet.media.probe import VideoInfo


@functools.cache
def detector(name: str, device: str) -> Detector:
    """The detector of this process, made once."""
    return make_detector(name, device)


class Stretch:
    """The ``number``-th span of a video, read by its annotations.

    Raises InputError for a file of boxes that cannot be read.
    """

    def __init__(
        self, video: Video, info: VideoInfo, span: Span, number: int, config: PrepareConfig
    ):
        self.video, self.info, self.span, self.config = video, info, span, config
        self.number = number
        self.start, self.end, self.boxes = span.start, span.end, None
        if span.track is not None:
            boxes = annotations_voxceleb.read_track(span.track, info.width, info.height)
            first, fps = min(boxes), annotations_voxceleb.FPS
            self.start, self.end = first / fps, (max(boxes) + 1) / fps
            self.boxes = {frame - first: box for frame, box in boxes.items()}
        self.crop = span.crop and crops.square_of(span.crop, info.height, info.width)
        """The square to cut, where it is given."""

    def frames(self, until: int | None = None) -> Iterator[np.ndarray]:
        """uint8 (H, W, 3), the first ``until`` of the stretch or all."""
        end = self.end if until is None else self.start + (until + 1) / self.config.fps
        return source_frames(self.video.path, self.info, self.config.fps, self.start, end)

    def find(self, frame: int, image: np.ndarray) -> list[Face]:
        """The faces of one frame: those of the annotations, those inside the square, or all."""
        if self.boxes is not None:
            box = self.boxes.get(round(frame * annotations_voxceleb.FPS / self.config.fps))
            found = [] if box is None else [box]
        else:
            find = detector(self.config.detector, self.config.device).detect
            found = find(image) if self.crop is None else _find_inside(image, self.crop, find)
        return [Face(box, quality.sharpness(image, box)) for box in found]

    def tracks(self) -> Iterator[Track]:
        """Its tracks, none longer than the longest clip."""
        config = self.config
        for shot in scan(self.frames(), self.find, config.detect_every, config.shot_threshold):
            if self.crop is None:
                found = tracks.follow(shot, config.iou, config.max_gap)
            else:
                found = [tracks.whole(shot)]
            for track in found:
                yield from tracks.divide(track, config.max_frames)

    def seconds(self, frame: int) -> float:
        """When in the video a frame of the stretch is shown."""
        return round(self.start + frame / self.config.fps, 3)

    def skip(self, track: Track, reason: str) -> Skip:
        """A track that is not kept."""
        return Skip(self.video.file, reason, self.seconds(track.start), self.seconds(track.end))


def _find_inside(
    image: np.ndarray, crop: Crop, find: Callable[[np.ndarray], list[Box]]
) -> list[Box]:
    """Faces inside a square of the picture, in pixels of the picture."""
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
