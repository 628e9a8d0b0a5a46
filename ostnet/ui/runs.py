"""Finished runs of one visitor, and how they are shown and handed over."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np

from ostnet.animation.render import Take
from ostnet.animation.scene import Scene
from ostnet.media.video import read_frames
from ostnet.methods import VARIANTS
from ostnet.ui import charts, text
from ostnet.ui import markup as figures
from ostnet.ui.markup import player


@dataclass(frozen=True)
class Run:
    """One portrait animated by one clip."""

    scene: Scene
    take: Take
    variant: str
    """What the switches say: the result that is shown alone and put back."""

    @property
    def name(self) -> str:
        """The portrait's file and the clip's."""
        inputs = self.scene.inputs
        return f"{inputs.source.stem} × {inputs.driving.stem}"

    @property
    def clip(self) -> Path:
        """The result alone."""
        return self.take.files[self.variant]


def shown(run: Run) -> tuple:
    """(headline, grid, chart, numbers, single, files) of a run."""
    document = run.take.document
    return (
        words(document),
        player(run.take.files["grid"], float(run.scene.video.fps), about=charts.headline(document)),
        charts.chart(document),
        numbers(document),
        gr.Video(str(run.clip), label=f"Result alone: {charts.NAMES[run.variant]}"),
        [str(path) for path in files(run)],
    )


def words(document: dict) -> str:
    """What a run proves, and which variant is best on its clip."""
    best = charts.verdict(document)
    return figures.note(charts.headline(document), "good") + (figures.fine(best) if best else "")


def numbers(document: dict) -> str:
    """The table of a run, and what the panes show, folded."""
    table = figures.table(
        ["variant", "face size", "off by", "worse axis"],
        charts.number_rows(document),
        text.TABLE_NOTE,
    )
    return figures.folded("All numbers, and what the panes show", table + text.LEGEND)


def pace(take: Take) -> str:
    """How long a run took."""
    frames = take.document["frames"]
    rate = sum(frame["ms"] for frame in frames) / len(frames)
    said = f"{'Stopped: ' if take.stopped else ''}{len(frames)} frames in {take.seconds:.1f} s"
    said += f", {rate:.0f} ms per frame in the networks."
    if take.held:
        said += f" {take.held} frames showed no face and repeat the last motion."
    return said


def files(run: Run) -> list[Path]:
    """What can be downloaded; of a single driving frame, pictures too."""
    made = list(run.take.files.values())
    if run.take.frames == 1:
        made += [_picture(run.take.files[name]) for name in VARIANTS if name in run.take.files]
    return made


def bundle(runs: list[Run], path: Path) -> Path:
    """All files of all runs as one ZIP; a folder for each where there are several."""
    with zipfile.ZipFile(path, "w") as archive:  # stored: videos do not get smaller
        for number, run in enumerate(runs, 1):
            folder = f"{number} {run.name}/" if len(runs) > 1 else ""
            for file in files(run):
                archive.write(file, f"{folder}{file.name}")
    return path


def _picture(clip: Path) -> Path:
    """The first frame of a clip as PNG beside it."""
    from PIL import Image

    path = clip.with_suffix(".png")
    if not path.is_file():
        Image.fromarray(np.asarray(next(iter(read_frames(clip))))).save(path)
    return path
