"""One run: a scene in, frame-locked videos out, one driving frame at a time.

Command line, page, interface for programs and batches all run this.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ostnet.animation.animator import Animator
from ostnet.animation.files import staged, write_text
from ostnet.animation.frame import Frame, Options, Shown
from ostnet.animation.overlap import close
from ostnet.animation.panes import MARK, rectifying, side_by_side, watermarked
from ostnet.animation.scene import Scene
from ostnet.animation.trace import Trace
from ostnet.media.paste import Paster
from ostnet.media.square import Framed
from ostnet.media.video import VideoWriter
from ostnet.methods import VARIANTS

Spread = tuple[float, float]
Variants = dict[str, Frame]
Network = Callable[
    [Framed, Iterable[Shown], list[str], Options, bool], Iterator[tuple[Spread, Variants]]
]
"""(source, driving frames, names, options, measure) -> the source's keypoint spread and all
variants, per frame: :func:`rendered` with an animator, or the same on a borrowed GPU."""


@dataclass(frozen=True)
class Plan:
    """What a run makes."""

    clips: dict[str, Path]
    """Name -> MP4 file: variants, ``rectified`` (the driving clip at the portrait's scale, if a
    variant has the transform on) and ``grid`` (all side by side)."""

    trace: Path | None = None
    """Where the measured face sizes go, as JSON."""

    chart: Path | None = None
    """Where their chart goes, as PNG."""

    paste: bool = False
    """Put the generated squares back into the whole portrait."""

    mark: bool = False
    """Draw "AI-generated" into the pictures; the files' metadata says it in any case."""

    columns: int = 4
    """Panes of the grid side by side at most."""

    @property
    def names(self) -> list[str]:
        """The variants that are rendered."""
        return [name for name in self.clips if name in VARIANTS]

    @property
    def measures(self) -> bool:
        """Whether generated faces are measured too."""
        return self.trace is not None or self.chart is not None


def comparison(folder: Path, names: Iterable[str], **settings) -> Plan:
    """A plan for a folder: the variants, ``rectified`` and ``grid``, trace.json."""
    names = list(names)
    clips = [*names, *(["rectified"] if rectifying(names) else []), "grid"]
    files = {name: folder / f"{name}.mp4" for name in clips}
    return Plan(files, trace=folder / "trace.json", **settings)


@dataclass(frozen=True)
class Step:
    """How far a run is."""

    done: int
    total: int
    seconds_left: float
    picture: np.ndarray
    """The newest frame: of the grid if there is one, else of the first clip."""


@dataclass(frozen=True)
class Take:
    """A finished run, or one that was stopped with at least one frame."""

    files: dict[str, Path]
    """The plan's clips, and ``trace``."""
    document: dict
    """The trace, see :class:`ostnet.animation.trace.Trace`; empty where nothing was measured."""
    stopped: bool
    seconds: float
    """Wall time."""
    frames: int
    held: int
    """Driving frames without a face, which repeat the last motion."""


def rendered(
    animator: Animator,
    source: Framed,
    frames: Iterable[Shown],
    names: list[str],
    options: Options,
    measure: bool,
) -> Iterator[tuple[Spread, Variants]]:
    """The network's part of a run; ``frames`` must allow a fresh reading."""
    animator.set_source(source)
    options = animator.complete(frames, options)
    for made in animator.variants(frames, names, options, measure=measure):
        yield animator.source_spread, made


def run(
    scene: Scene, plan: Plan, network: Network, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Step | Take]:
    """Render a scene into the plan's files; yields a Step per frame, at the end the Take.

    Every video has the driving clip's exact frame rate and sound, and appears at its place once it
    is whole. ``stopped`` is asked at every frame that is read or made; what was made is kept.
    """
    started = time.perf_counter()
    source, done, held = scene.source, 0, 0
    paster = Paster(scene.portrait, scene.source_crop) if plan.paste else None
    log = None
    with ExitStack() as files:
        writers = {
            name: files.enter_context(
                VideoWriter(path, scene.video.fps, scene.video, scene.total, comment=MARK)
            )
            for name, path in plan.clips.items()
        }
        frames = network(
            scene.framed, scene.shown(stopped), plan.names, scene.options, plan.measures
        )
        files.callback(close, frames)  # and with it the threads that work ahead
        for done, (spread, made) in enumerate(frames, 1):
            held += next(iter(made.values())).held
            if plan.measures:
                log = log or Trace(scene.video.fps, spread)
                log.add(made)
            pictures = _pictures(source, made, plan, paster)
            for name, writer in writers.items():
                writer.write(pictures[name])
            pace = (time.perf_counter() - started) / done
            newest = pictures.get("grid", next(iter(pictures.values())))
            yield Step(done, scene.total, pace * (scene.total - done), newest)
            if done < scene.total and stopped():
                break
        ended = done < scene.total and stopped()
    document = log.document if log else {}
    if plan.trace and log:
        write_text(plan.trace, log.text())
    if plan.chart:
        from ostnet.animation.chart import scale_chart

        scale_chart(document, plan.chart)
    written = plan.clips | ({"trace": plan.trace} if plan.trace else {})
    yield Take(written, document, ended, time.perf_counter() - started, done, held)


def run_folder(
    scene: Scene,
    folder: Path,
    names: Iterable[str],
    network: Network,
    stopped: Callable[[], bool] = lambda: False,
    chart: bool = False,
    **settings,
) -> Iterator[Step | Take]:
    """:func:`run` for a :func:`comparison`; the folder's files appear together at the end."""
    names = list(names)
    with staged(folder) as stage:
        settings["chart"] = stage / "scale.png" if chart else None
        takes = []
        for event in run(scene, comparison(stage, names, **settings), network, stopped):
            if isinstance(event, Take):
                takes.append(event)
            else:
                yield event
    for take in takes:  # one, now that its files are in their place
        yield replace(take, files={n: folder / path.name for n, path in take.files.items()})


def _pictures(
    source: np.ndarray, made: Variants, plan: Plan, paster: Paster | None
) -> dict[str, np.ndarray]:
    """What is written of one driving frame, by the clip's name."""
    images = {n: watermarked(f.image) if plan.mark else f.image for n, f in made.items()}
    pictures = {n: paster.paste(image) if paster else image for n, image in images.items()}
    if "rectified" in plan.clips and (variant := rectifying(plan.names)):
        pictures["rectified"] = made[variant].rectified
    if "grid" in plan.clips:
        pictures["grid"] = side_by_side(source, made, images, plan.columns)
    return pictures
