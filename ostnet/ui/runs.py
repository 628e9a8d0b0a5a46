"""Finished runs of one visitor, and how they are shown and downloaded."""

import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

import gradio as gr
import numpy as np
from PIL import Image

from ostnet import threads
from ostnet.animation.group import Group
from ostnet.animation.outputs import MARK
from ostnet.animation.pipeline import Cancel, OnStep, Result, Step
from ostnet.animation.scene import Scene
from ostnet.files import write_atomically
from ostnet.media.paste import Paster
from ostnet.media.provenance import mark_generated
from ostnet.media.signing import signer
from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.methods import VARIANTS
from ostnet.ui import charts, markup, text
from ostnet.ui.inputs import WHOLE_SIDE, fitted
from ostnet.ui.markup import player

PASTED_SIDE = WHOLE_SIDE
"""Longest side of a pasted-back video, in pixels."""


@dataclass(frozen=True)
class Run:
    """One finished run of a portrait and a clip."""

    name: str
    """Names of the portrait's file and the clip's."""
    scene: Scene | Group
    result: Result
    variant: str
    """The variant of the switches: the result that is shown alone and pasted back."""

    @property
    def clip(self) -> Path:
        """Return the file of the result alone."""
        return self.result.files[self.variant]


def follow(
    run: Callable[[OnStep, Cancel], Result], cancel: Cancel, every: float
) -> Iterator[Step | Result]:
    """Run in a thread; yield its newest step at intervals and, at the end, its result.

    Gradio's handlers are generators, while the pipeline calls back. Closing the generator cancels
    the run after its current frame.

    Args:
        run: called with ``on_step`` and ``cancel`` of :class:`Pipeline`.
        cancel: once it returns True, the run ends and keeps what was made.
        every: seconds between two steps that are yielded.
    """
    newest: deque[Step] = deque(maxlen=1)
    ended: list[Result | BaseException] = []
    closed = Event()

    def work() -> None:
        try:
            ended.append(run(newest.append, lambda: closed.is_set() or cancel()))
        except BaseException as error:
            ended.append(error)

    # the context tells ZeroGPU whose quota is used
    thread = threads.start(partial(copy_context().run, work), closed.set)
    try:
        while thread.is_alive():
            thread.join(every)
            if newest and thread.is_alive():
                yield newest.pop()
    finally:
        threads.end(thread)
    (end,) = ended
    if isinstance(end, BaseException):
        raise end
    yield end


def shown(run: Run) -> tuple:
    """Return (headline, grid, chart, numbers, single, files) of a run."""
    document = run.result.trace
    of_first = isinstance(run.scene, Group)
    return (
        (markup.fine("Measured on the first of the faces.") if of_first else "") + words(document),
        player(
            run.result.files.get("grid", run.clip),
            float(run.scene.video.fps),
            about=charts.headline(document),
        ),
        charts.chart(document),
        numbers(document),
        gr.Video(str(run.clip), label=f"Result alone: {charts.NAMES[run.variant]}"),
        [str(path) for path in files(run)],
    )


def words(document: dict) -> str:
    """Return how far the face sizes of a run are off, and which variant is best, as HTML."""
    best = charts.verdict(document)
    return markup.note(charts.headline(document), "good") + (markup.fine(best) if best else "")


def numbers(document: dict) -> str:
    """Return the table of a run and the legend of the panes, folded."""
    table = markup.table(
        ["variant", "face size", "off by", "worse axis"],
        charts.number_rows(document),
        text.TABLE_NOTE,
    )
    return markup.folded("All numbers, and what the panes show", table + text.LEGEND)


def pace(result: Result) -> str:
    """Return how long a run took, in words."""
    frames = result.trace["frames"]
    rate = sum(frame["ms"] for frame in frames) / len(frames)
    said = f"{'Stopped: ' if result.stopped else ''}{len(frames)} frames in {result.seconds:.1f} s"
    said += f", {rate:.0f} ms per frame in the networks."
    if result.held:
        said += f" {result.held} frames showed no face and repeat the last motion."
    return said


def files(run: Run) -> list[Path]:
    """Return what can be downloaded; of a single driving frame, pictures too."""
    made = list(run.result.files.values())
    if run.result.frames == 1:
        made += [_picture(run.result.files[name]) for name in VARIANTS if name in run.result.files]
    return made


def bundle(runs: list[Run], path: Path) -> Path:
    """Write all files of all runs as one ZIP; with a folder for each where there are several."""
    with zipfile.ZipFile(path, "w") as archive:  # stored: videos do not get smaller
        for number, run in enumerate(runs, 1):
            folder = f"{number} {run.name}/" if len(runs) > 1 else ""
            for file in files(run):
                archive.write(file, f"{folder}{file.name}")
    return path


def paste_back(scene: Scene, clip: Path, output: Path) -> Path:
    """Write a clip pasted back into the whole portrait, at most `PASTED_SIDE` pixels a side."""
    portrait, (crop,) = fitted(scene.portrait, [scene.source_crop], PASTED_SIDE)
    paster = Paster(portrait, crop)
    with VideoWriter(output, scene.video.fps, probe(clip), comment=MARK, generated=True) as writer:
        for frame in read_frames(clip):
            writer.write(paster.paste(frame))
    return output


def _picture(clip: Path) -> Path:
    """Return the first frame of a clip as PNG beside it."""
    path = clip.with_suffix(".png")
    if not path.is_file():
        picture = Image.fromarray(np.asarray(next(iter(read_frames(clip)))))

        def write(partial: Path) -> None:
            picture.save(partial, "PNG")
            mark_generated(partial, ".png", signer(".png"))

        write_atomically(path, write)
    return path
