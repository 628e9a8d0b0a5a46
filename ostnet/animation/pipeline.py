"""Files in, files out: read, crop, animate, write, one frame at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ostnet.animation.animator import Animator
from ostnet.animation.files import staged, write_text
from ostnet.animation.frame import Frame, Options
from ostnet.animation.presence import FacePresence
from ostnet.animation.trace import Trace
from ostnet.errors import InputError
from ostnet.media.compose import BACKGROUND, grid
from ostnet.media.crop import Crop, driving_crop, source_crop
from ostnet.media.faces import Detector, make_detector
from ostnet.media.paste import Paster
from ostnet.media.video import VideoInfo, VideoWriter, probe, read_frames, read_image
from ostnet.methods import VARIANTS

Progress = Callable[[int], None]
"""Called with the number of frames done so far."""


@dataclass(frozen=True)
class Inputs:
    """A portrait and a driving clip, and how to look at them."""

    source: Path
    """Picture file with the face to animate."""

    driving: Path
    """Video file with the motion."""

    source_crop: str = "auto"
    """``auto``: a square around the face; ``none``: the centre square."""

    driving_crop: str = "auto"
    """``fixed``: one square for the whole clip around its face; ``none``: the centre square;
    ``auto``: ``none`` where that already frames the face well, else ``fixed``."""

    face: int = 0
    """Which face, counted from the largest, 0, in each file that shows so many."""

    max_frames: int | None = None
    """Stop after this many driving frames; None: at the clip's end."""

    options: Options = field(default_factory=Options)
    """How the driving motion is read."""

    smooth: bool = False
    """Smooth the fiducial offsets over time, at the clip's frame rate."""

    def driving_frames(self) -> Iterator[np.ndarray]:
        """The driving frames as they are in the file; a fresh reading of it."""
        return read_frames(self.driving, self.max_frames, role="driving")


@dataclass(frozen=True)
class Scene:
    """Inputs that have been looked at: what is animated, by what, and where the faces are."""

    inputs: Inputs
    portrait: np.ndarray
    """The whole source picture, uint8 (H, W, 3)."""

    source_crop: Crop
    driving_crop: Crop
    video: VideoInfo
    detector: Detector
    face_expected: bool
    """Whether the driving clip is known to show a face."""

    warnings: list[str]
    """What the user should see: for instance that no face was found."""

    def frames(self, size: int) -> Iterator[np.ndarray]:
        """The driving frames, cropped, uint8 (size, size, 3); a fresh reading of the file."""
        for frame in self.inputs.driving_frames():
            yield self.driving_crop.apply(frame, size)

    def face_presence(self) -> FacePresence:
        """A fresh watch over the frames of one reading."""
        return FacePresence(self.detector.detect, expected=self.face_expected)


def look_at(inputs: Inputs) -> Scene:
    """Read the portrait, find the faces, choose the crops.

    Raises:
        InputError: a file that is missing or cannot be read, or a face that is not there.
    """
    portrait = read_image(inputs.source, role="source")
    video = probe(inputs.driving, role="driving")
    detector = make_detector()
    (square, source_warning), (framed, driving_warning) = _chosen_face(
        inputs.face,
        lambda face: source_crop(portrait, inputs.source_crop, face, detector),
        lambda face: driving_crop(_clip(inputs), inputs.driving_crop, detector, face),
    )
    return Scene(
        inputs=inputs,
        portrait=portrait,
        source_crop=square,
        driving_crop=framed,
        video=video,
        detector=detector,
        face_expected=inputs.driving_crop != "none" and driving_warning is None,
        warnings=[text for text in (source_warning, driving_warning) if text],
    )


def _clip(inputs: Inputs) -> Path | Iterator[np.ndarray]:
    """What the driving crop looks at: the file or, of a shortened run, its first frames."""
    return inputs.driving if inputs.max_frames is None else inputs.driving_frames()


def _chosen_face(face: int, *crops: Callable[[int], tuple]) -> list[tuple]:
    """Call each with ``face``; one that shows too few faces takes its largest instead.

    Raises:
        InputError: not one of them shows so many faces.
    """
    found, complaints = [], []
    for crop in crops:
        try:
            found.append(crop(face))
        except InputError as error:
            if face == 0:
                raise
            complaints.append(error)
            found.append(crop(0))
    if len(complaints) == len(crops):
        raise complaints[0]
    return found


def animate_file(
    animator: Animator,
    scene: Scene,
    output: Path,
    variant: str = "full",
    paste: bool = False,
    trace: Path | None = None,
    progress: Progress | None = None,
) -> int:
    """Write one variant as a video with the driving clip's frame rate, length and audio.

    Args:
        output: the .mp4 file.
        variant: name of the variant to render.
        paste: put the generated square back into the whole portrait.
        trace: also write the measured face sizes there, as JSON.
        progress: called after each frame.

    Returns:
        How many driving frames showed no face and repeat the last motion.
    """
    options = _ready(animator, scene)
    log = Trace(scene.video.fps, animator.source_spread) if trace else None
    frames = scene.frames(animator.resolution)
    variants = animator.variants(
        frames, [variant], options, scene.face_presence(), measure=bool(trace)
    )
    paster = Paster(scene.portrait, scene.source_crop) if paste else None
    held = 0
    with _writer(output, scene) as writer:
        for index, made in enumerate(variants, 1):
            frame = made[variant]
            writer.write(paster.paste(frame.image) if paster else frame.image)
            held += frame.held
            if log:
                log.add(made)
            if progress:
                progress(index)
        if log:
            write_text(trace, log.text())
    return held


def compare_files(
    animator: Animator, scene: Scene, folder: Path, progress: Progress | None = None
) -> int:
    """Write all four variants, the rectified driving clip, their grid, trace.json and scale.png.

    The folder's files appear together at the end or, after an error, not at all.

    Returns:
        How many driving frames showed no face and repeat the last motion.
    """
    from ostnet.animation.chart import scale_chart

    options = _ready(animator, scene)
    log = Trace(scene.video.fps, animator.source_spread)
    source = scene.source_crop.apply(scene.portrait, animator.size)
    frames = scene.frames(animator.resolution)
    variants = animator.variants(frames, VARIANTS, options, scene.face_presence(), measure=True)
    with staged(folder) as stage:
        with ExitStack() as files:
            writers = {
                name: files.enter_context(_writer(stage / f"{name}.mp4", scene))
                for name in (*VARIANTS, "rectified", "grid")
            }
            for index, made in enumerate(variants, 1):
                log.add(made)
                for name, frame in made.items():
                    writers[name].write(frame.image)
                writers["rectified"].write(made["full"].rectified)
                writers["grid"].write(_side_by_side(source, made))
                if progress:
                    progress(index)
        write_text(stage / "trace.json", log.text())
        scale_chart(log.document, stage / "scale.png")
    return log.held


def _ready(animator: Animator, scene: Scene) -> Options:
    """Encode the source, and complete the options by what the clip itself decides."""
    animator.set_source(scene.source_crop.apply(scene.portrait, animator.size))
    options = scene.inputs.options
    if scene.inputs.smooth:
        options = replace(options, smoothing_fps=float(scene.video.fps))
    if options.motion == "relative" and options.anchor is None:
        anchor = animator.find_anchor(scene.frames(animator.resolution), options)
        options = replace(options, anchor=anchor)
    return options


def _side_by_side(source: np.ndarray, made: dict[str, Frame]) -> np.ndarray:
    full = made["full"]
    s_x, s_y = full.scale
    panes = {
        "source": source,
        "driving" + (" (no face: held)" if full.held else ""): full.driving,
        f"rectified, scale {s_x:.2f} x {s_y:.2f}": full.rectified,
        "": np.full_like(source, BACKGROUND),  # so that the variants share the second row
        **{name.replace("_", " "): frame.image for name, frame in made.items()},
    }
    return grid(panes, columns=4)


def _writer(path: Path, scene: Scene) -> VideoWriter:
    return VideoWriter(path, scene.video.fps, audio_from=scene.inputs.driving)
