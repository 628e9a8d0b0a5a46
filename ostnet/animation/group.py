"""Several faces of one portrait, driven by one clip together or each by its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import numpy as np

from ostnet.animation.animator import Animator, references
from ostnet.animation.frame import DrivingFrame
from ostnet.animation.motion_file import Motion
from ostnet.animation.outputs import Rendered, Spread, Variants, watermarked
from ostnet.animation.prefetch import close
from ostnet.animation.scene import Scene, SceneFrames, open_scene
from ostnet.errors import InputError
from ostnet.media.crop import face_crops
from ostnet.media.faces import make_detector
from ostnet.media.paste import GroupPaster
from ostnet.media.probe import Clip, VideoInfo
from ostnet.media.square import Crop, Framed
from ostnet.media.track import check_face
from ostnet.media.video import read_image
from ostnet.option_values import MOST_FACES
from ostnet.options import AnimateOptions

Driver = str | Path | Clip | Motion
Cancel = Callable[[], bool]

LEAST_FACE = 32
"""Height in pixels of the smallest face that ``faces="all"`` animates."""


@dataclass(frozen=True)
class Group:
    """Several faces of one portrait; its rate, length and sound are the first driving clip's."""

    scenes: tuple[Scene, ...]
    """One for each face. Faces with the same driving clip have equal ``driving``."""
    options: AnimateOptions
    warnings: list[str]

    @property
    def portrait(self) -> np.ndarray:
        """The whole picture, uint8 (H, W, 3)."""
        return self.scenes[0].portrait

    @property
    def video(self) -> VideoInfo:
        """Properties of the first driving clip."""
        return self.scenes[0].video

    @property
    def fps(self) -> float:
        """Frames per second of the result."""
        return self.scenes[0].fps

    @property
    def total(self) -> int:
        """Number of frames of the result."""
        return self.scenes[0].total

    @property
    def motions(self) -> list[Motion]:
        """The motion files that drive."""
        return [motion for scene in self.scenes for motion in scene.motions]

    @property
    def sources(self) -> list[Framed]:
        """The squares of the faces, with the photograph around them."""
        return [scene.framed for scene in self.scenes]

    def frames(self, cancel: Cancel = lambda: False) -> list[Iterable[DrivingFrame]]:
        """Return the driving frames of each face; the same object for faces that share a clip."""
        first = self.scenes[0]
        read: dict[Path | Clip | Motion, Iterable[DrivingFrame]] = {
            first.driving: first.frames(cancel)
        }
        for scene in self.scenes:
            if scene.driving not in read:
                ratio = float(scene.video.fps / self.video.fps)
                read[scene.driving] = Retimed(scene.frames(cancel), ratio, self.total)
        return [read[scene.driving] for scene in self.scenes]


@dataclass(frozen=True)
class Retimed:
    """Driving frames at the rate and length of another clip; after the last, its pose is held."""

    frames: SceneFrames
    ratio: float
    """Frames read per frame yielded."""
    total: int

    def __len__(self) -> int:
        """Return the number of frames."""
        return self.total

    def __iter__(self) -> Iterator[DrivingFrame]:
        frames, read = iter(self.frames), 1
        shown = next(frames)
        for index in range(self.total):
            while read <= int((index + 0.5) * self.ratio):
                read += 1
                shown = next(frames, shown._replace(face=False))
            yield shown


def shared(frames: Iterable[DrivingFrame], count: int) -> list[Iterator[DrivingFrame]]:
    """Return ``count`` iterators over one reading of frames, for threads that keep pace.

    A frame is kept until the last of them has taken it. An error of the reading is raised in each.
    """
    reading, lock = iter(frames), Lock()
    waiting: list[deque] = [deque() for _ in range(count)]

    def view(mine: deque) -> Iterator[DrivingFrame]:
        while True:
            with lock:
                if not mine:
                    try:
                        item = next(reading), None
                    except BaseException as error:  # its end too
                        item = None, error
                    for one in waiting:
                        one.append(item)
                frame, error = mine.popleft()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield frame

    return [view(mine) for mine in waiting]


def animate_faces(
    animators: Sequence[Animator],
    drivers: Sequence[Iterable[DrivingFrame]],
    names: list[str],
    options: AnimateOptions,
    fps: float,
    measure: bool,
    rectified: bool = True,
) -> Iterator[list[tuple[Spread, Variants]]]:
    """Yield the source's keypoint spread and all variants of each face, for each driving frame.

    Args:
        animators: of each face.
        drivers: the driving frames of each face; faces with the same object share its reading.
        names: variants, see :data:`ostnet.methods.VARIANTS`.
        options: how the motion is read.
        fps: frames per second.
        measure: also measure the generated faces.
        rectified: also return the rectified driving frames.
    """
    streams, more = {}, (measure, rectified)
    for driver in {id(one): one for one in drivers}.values():
        places = [place for place, one in enumerate(drivers) if one is driver]
        clips = references([animators[place] for place in places], driver, options, fps)
        for place, view, clip in zip(places, shared(driver, len(places)), clips, strict=True):
            streams[place] = animators[place].variants(view, names, options, clip, *more)
    spreads = [animator.source_spread for animator in animators]
    try:
        for made in zip(*(streams[place] for place in range(len(animators))), strict=False):
            yield list(zip(spreads, made, strict=True))
    finally:
        for stream in streams.values():
            close(stream)  # ends its threads


def group_pictures(
    group: Group, frames: Iterator[list[tuple[Spread, Variants]]]
) -> Generator[Rendered, None, None]:
    """Yield the whole pictures of each driving frame; closes ``frames``, which ends their threads.

    The measurements are those of the first face.
    """
    paster = GroupPaster(group.portrait, [scene.source_crop for scene in group.scenes])
    try:
        for faces in frames:
            spread, first = faces[0]
            wholes = {n: paster.paste([made[n].image for _, made in faces]) for n in first}
            if group.options.visible_mark:
                wholes = {name: watermarked(whole) for name, whole in wholes.items()}
            yield Rendered(wholes, first, spread)
    finally:
        close(frames)


def open_inputs(
    portrait: str | Path | np.ndarray,
    driving: Driver | Sequence[Driver],
    options: AnimateOptions,
    cancel: Cancel | None = None,
    transparent: bool = False,
) -> Scene | Group:
    """Open a portrait and its driving clips: a scene, or with ``options.faces`` a group.

    A group is opaque, also with ``transparent``.

    Raises:
        InputError: as :func:`open_scene`, or the numbers of faces and clips differ.
    """
    several = isinstance(driving, list | tuple)
    drivers: list[Driver] = list(driving) if several else [driving]  # pyright: ignore
    if options.faces is not None:
        return open_group(portrait, drivers, options, cancel)
    if len(drivers) != 1:
        raise InputError(
            f"driving: found {len(drivers)} clips for one face, expected one; "
            "to animate several faces, name them: --faces 0,1"
        )
    return open_scene(portrait, drivers[0], options, cancel, transparent)


def open_group(
    portrait: str | Path | np.ndarray,
    drivers: Sequence[Driver],
    options: AnimateOptions,
    cancel: Cancel | None = None,
) -> Group:
    """Find the faces of a portrait and of each driving clip, where the largest face drives.

    Raises:
        InputError: as :func:`open_scene`; a face that is not there, or the numbers of faces and
            clips differ.
    """
    if not isinstance(portrait, np.ndarray):
        portrait = read_image(portrait, role="source")
    crops, warnings = _chosen(portrait, options)
    if len(drivers) not in (1, len(crops)):
        raise InputError(
            f"driving: found {len(drivers)} clips for {len(crops)} faces, expected one clip for "
            "all or one for each"
        )
    one = replace(options, faces=None, source_crop="none")
    opened = {drivers[0]: open_scene(portrait, drivers[0], one, cancel)}
    first = opened[drivers[0]]
    rest = replace(one, max_frames=None, max_seconds=first.total / first.fps)
    for driver in drivers:
        if driver not in opened:
            opened[driver] = open_scene(portrait, driver, rest, cancel)
    warnings += [text for scene in opened.values() for text in scene.warnings]
    scenes = [opened[driver] for driver in drivers] * (len(crops) // len(drivers))
    return group_of(scenes, crops, options, warnings)


def group_of(
    scenes: Sequence[Scene], crops: Sequence[Crop], options: AnimateOptions, warnings: list[str]
) -> Group:
    """Return the group of these squares of a portrait, each driven by the clip of a scene."""
    faces = [replace(scene, source_crop=crop) for scene, crop in zip(scenes, crops, strict=True)]
    return Group(tuple(faces), options, warnings)


def _chosen(portrait: np.ndarray, options: AnimateOptions) -> tuple[list[Crop], list[str]]:
    """Return the squares of the faces that the options choose, and warnings."""
    found = face_crops(portrait, make_detector())
    if not found:
        raise InputError("source: no face was found; choose a picture with faces")
    warnings = []
    if options.faces == "all":
        large = [at for at, (_, _, height) in enumerate(found) if height >= LEAST_FACE]
        numbers = (large or [0])[:MOST_FACES]
        if left_out := len(found) - len(numbers):
            warnings.append(
                f"source: {len(numbers)} of {len(found)} faces are animated; the {left_out} "
                f"smallest are left out (at most {MOST_FACES}, at least {LEAST_FACE} pixels high)"
            )
    else:
        assert isinstance(options.faces, tuple)
        numbers = options.faces
    for number in numbers:
        check_face(number, len(found), "source")
    notes = [(number, note) for number in numbers for note in found[number][1]]
    warnings += [f"source: face {number}: {note}" for number, note in notes]
    return [found[number][0] for number in numbers], warnings
