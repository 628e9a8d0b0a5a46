"""A moviepy effect: a portrait performs a clip, which can be cut, joined and written as any other.

The frames are made one at a time, when moviepy asks for them, and none but the last is kept.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from moviepy.Clip import Clip as AnyClip
from moviepy.Effect import Effect
from moviepy.video.VideoClip import VideoClip

from ostnet.animation.frame import DrivingFrame
from ostnet.animation.outputs import watermarked
from ostnet.animation.pipeline import Pipeline
from ostnet.animation.scene import NETWORK_SIDE, Scene, open_scene
from ostnet.errors import InputError
from ostnet.media.orientation import upright_faces
from ostnet.media.probe import Clip, VideoInfo
from ostnet.options import AnimateOptions, NetworkOptions

ROUNDING = 1e-5
"""Share of a frame by which a time may be too early; moviepy's own readers use it too."""

SETTLED = 3.0
"""Seconds after which a smoothed scale no longer depends on where the smoothing started."""

NOWHERE = -2
"""Number of a frame that no frame follows."""


class Reenact(Effect):
    """Make a portrait perform a clip.

    For example::

        clip = VideoFileClip("clip.mp4").with_effects([Reenact("me.jpg", size=512)])

    The result keeps the clip's sound, duration and frame rate. Its frame k is made from the clip's
    frame at k / fps seconds. The clip is read up to three times when the effect is applied, for its
    square, its faces and its neutral pose.

    Args:
        portrait: picture file with a face.
        options: fields of :class:`ostnet.AnimateOptions`, and ``checkpoint``, ``device`` and
            ``backend`` as on the command line.

    Raises:
        InputError: an unknown option, or a value out of its range. When it is applied: the clip has
            no frame rate, no frames or a mask, or a file cannot be used.
    """

    def __init__(self, portrait: str | Path, **options):
        networks = {one.name for one in fields(NetworkOptions)}
        known = sorted(networks | {one.name for one in fields(AnimateOptions)})
        if unknown := sorted(options.keys() - set(known)):
            raise InputError(f"options: found {unknown[0]!r}, expected some of {', '.join(known)}")
        self.portrait = Path(portrait)
        self.networks = NetworkOptions(**{n: options.pop(n) for n in networks & options.keys()})
        self.options = AnimateOptions(**options)
        if self.options.faces is not None:
            raise InputError("faces: an effect animates one face, expected face=N")

    def apply(self, clip: AnyClip) -> VideoClip:
        """Return the clip that shows the portrait."""
        video, fps = _checked(clip)
        total = max(1, int(video.duration * fps + ROUNDING))
        used = self.options.frames(total, fps)
        if used < total:
            video = video.subclipped(0, used / fps)

        def driving(k: int) -> np.ndarray:
            """Return the driving frame k, uint8 RGB (H, W, 3)."""
            return np.asarray(video.get_frame(k / fps)).astype(np.uint8, copy=False)[..., :3]

        width, height = video.size
        rate = Fraction(fps).limit_denominator(1001)
        info = VideoInfo(width, height, rate, used, float(used / rate), None)
        frames = Clip(info, lambda: map(driving, range(used)))
        scene = open_scene(self.portrait, frames, self.options)
        if self.options.source_crop == "auto" and not _shows_a_face(scene):
            raise InputError(f"source: no face was found in {str(self.portrait)!r}; give another "
                             "picture, or draw a square: source_crop='X,Y,SIDE'")  # fmt: skip
        for text in scene.warnings:
            warnings.warn(text, stacklevel=4)
        player = _Player(scene, _pipeline(self.networks), driving)
        return video.with_updated_frame_function(
            lambda t: player.picture(min(max(0, int(t * fps + ROUNDING)), used - 1))
        )


class _Player:
    """The frames of an animation, in any order; in sequence, each is made once.

    Args:
        scene: the portrait and the driving clip.
        pipeline: without threads, which would use the clip's reader together with moviepy.
        frame: returns a whole driving frame, uint8 RGB (H, W, 3), by its number.
    """

    def __init__(self, scene: Scene, pipeline: Pipeline, frame: Callable[[int], np.ndarray]):
        self.scene, self.frame, options = scene, frame, scene.options
        self.animator = pipeline.animator(scene.framed)
        frames = _NotedFrames(scene)
        self.reference = self.animator.reference(frames, options, scene.fps)
        self.faces = frames.faces or [frame.face for frame in frames]
        self.paster = scene.paster
        window = options.scale_window
        self.memory = 1 if isinstance(window, str) else max(1, round(window * scene.fps))
        if options.scale_smoothing:
            self.memory += round(SETTLED * scene.fps)
        self.at, self.newest, self.stream = NOWHERE, scene.portrait, iter(())

    def picture(self, k: int) -> np.ndarray:
        """Return frame k, uint8 RGB (H, W, 3)."""
        if k != self.at:
            at, self.at = self.at, NOWHERE  # if a frame fails, the next call starts again
            if not self.start(k) <= at + 1 <= k:
                at = self.start(k) - 1
                self.stream = self.stream_from(at + 1)
            for _ in range(at + 1, k):
                next(self.stream)
            self.newest = self.finished(next(self.stream))
            self.newest.flags.writeable = False  # it may be returned again
            self.at = k
        return self.newest

    def start(self, k: int) -> int:
        """Return the first driving frame that frame k depends on."""
        shown = next((frame for frame in range(k, -1, -1) if self.faces[frame]), 0)
        shots = [shot.first for shot in self.reference.shots if shot.first <= shown]
        missing, first = self.memory, max(shots, default=0)
        for frame in range(shown, first, -1):
            missing -= self.faces[frame]
            if not missing:
                return frame
        return first

    def stream_from(self, start: int) -> Iterator[np.ndarray]:
        """Yield the generated squares from a driving frame on, uint8 (S, S, 3)."""
        options, shots = self.scene.options, self.reference.shots
        reference = replace(
            self.reference, shots=tuple(one._replace(first=one.first - start) for one in shots)
        )
        switches = options.scale_transform, options.scale_embedding
        frames = (self.driving(k) for k in range(start, len(self.faces)))
        made = self.animator.animate(frames, *switches, options, reference)
        return (frame.image for frame in made)

    def driving(self, k: int) -> DrivingFrame:
        """Return the driving frame k as the networks see it."""
        square = self.scene.driving_crop.at(k).apply(self.frame(k), NETWORK_SIDE)
        return DrivingFrame(square, self.faces[k])

    def finished(self, image: np.ndarray) -> np.ndarray:
        """Return a generated square with what the options add."""
        image = watermarked(image) if self.scene.options.visible_mark else image
        return self.paster.paste(image) if self.paster else image


class _NotedFrames:
    """The driving frames of a scene; each reading notes which of them show a face."""

    def __init__(self, scene: Scene):
        self.scene, self.faces = scene, []

    def __len__(self) -> int:
        return self.scene.total

    def __iter__(self) -> Iterator[DrivingFrame]:
        self.faces = []
        for frame in self.scene.frames():
            self.faces.append(frame.face)
            yield frame


def _checked(clip: AnyClip) -> tuple[VideoClip, float]:
    """Return a clip that can drive, and its frames per second.

    Raises:
        InputError: it cannot.
    """
    if not isinstance(clip, VideoClip) or clip.is_mask:
        raise InputError(f"clip: found {type(clip).__name__}, expected moviepy's VideoClip")
    if clip.mask is not None:
        raise InputError("clip: it has a mask, but a driving clip is opaque; "
                         "use clip.without_mask()")  # fmt: skip
    fps = getattr(clip, "fps", None)
    if not fps:
        raise InputError("clip: it has no frame rate; give one with clip.with_fps(25)")
    if not clip.duration or clip.duration < 0:
        raise InputError("clip: it has no duration; give one with clip.with_duration(SECONDS)")
    return clip, fps


def _shows_a_face(scene: Scene) -> bool:
    return bool(upright_faces(scene.portrait, scene.detector).faces)


@lru_cache(maxsize=2)
def _pipeline(networks: NetworkOptions) -> Pipeline:
    """Return a pipeline, which all effects with these weights share."""
    checkpoint, device, backend = networks.checkpoint, networks.device, networks.backend
    return Pipeline.from_pretrained(checkpoint, device, backend, overlap=False)
