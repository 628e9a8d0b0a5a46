"""One run: a scene in, labelled and frame-locked videos out, one driving frame at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.animation import Frame
from ostnet.animation.files import staged, write_text
from ostnet.animation.pipeline import Scene
from ostnet.animation.trace import Trace
from ostnet.media.compose import grid
from ostnet.media.crop import Crop
from ostnet.media.paste import Paster
from ostnet.media.video import VideoWriter, read_frames
from ostnet.methods import switches
from ostnet.ui import engine
from ostnet.ui.drawing import scale_card, watermarked

MARK = "AI-generated: a portrait animated by OSTNet (arXiv 2407.09965). Not a recording of anyone."
"""Stands in every video's metadata."""

LABELS = {
    "full": "OSTNet (full)",
    "no_transform": "no scale transform",
    "no_embedding": "no scale embedding",
    "neither": "neither of the two",
}
"""Variant -> what its pane is called in the picture."""

PASTED_SIDE = 1280
"""Longest side of a pasted-back video, in pixels."""


@dataclass(frozen=True)
class Step:
    """How far a run is."""

    done: int
    total: int
    seconds_left: float
    picture: np.ndarray
    """The newest frame of the grid."""


@dataclass(frozen=True)
class Take:
    """A finished run, or one that was stopped with at least one frame."""

    files: dict[str, Path]
    """Variants, ``rectified`` (where the transform was on in one of them), ``grid``, ``trace``."""
    document: dict
    """The trace, see :class:`ostnet.animation.trace.Trace`."""
    stopped: bool
    seconds: float
    """Wall time."""


def run(
    scene: Scene,
    names: list[str],
    folder: Path,
    stopped: Callable[[], bool] = lambda: False,
    mark: bool = False,
    columns: int = 4,
) -> Iterator[Step | Take]:
    """Render variants of a scene into videos; yields a Step per frame, at the end the Take.

    Every video has the driving clip's exact frame rate and sound. ``stopped`` is asked after every
    frame; what was made until then is kept. ``mark`` draws "AI-generated" into the pictures;
    ``columns`` is how many panes the grid has side by side at most. The folder's files appear
    together at the end.
    """
    started = time.perf_counter()
    source = scene.source_crop.apply(scene.portrait, engine.SIZE)
    has_face = scene.face_presence()
    pairs = ((frame, has_face(frame)) for frame in scene.frames(engine.SIZE))
    frames = list(pairs) if engine.ZERO_GPU else pairs
    total = min(scene.video.frames, scene.inputs.max_frames or scene.video.frames)
    log, ended = None, False
    rectifying = next((name for name in names if switches(name)[0]), None)
    clips = [*names, *(["rectified"] if rectifying else []), "grid"]
    with staged(folder) as stage:
        with ExitStack() as files:
            writers = {
                name: files.enter_context(
                    VideoWriter(
                        stage / f"{name}.mp4",
                        scene.video.fps,
                        audio_from=scene.inputs.driving,
                        comment=MARK,
                    )
                )
                for name in clips
            }
            rendered = engine.render(source, frames, names, scene.inputs.options)
            for done, (spread, made) in enumerate(rendered, 1):
                log = log or Trace(scene.video.fps, spread)
                log.add(made)
                images = {n: watermarked(f.image) if mark else f.image for n, f in made.items()}
                picture = side_by_side(source, made, images, rectifying, columns)
                for name, image in images.items():
                    writers[name].write(image)
                if rectifying:
                    writers["rectified"].write(made[rectifying].rectified)
                writers["grid"].write(picture)
                pace = (time.perf_counter() - started) / done
                yield Step(done, total, pace * (total - done), picture)
                if done < total and stopped():
                    ended = True
                    break
        write_text(stage / "trace.json", log.text())
    seconds = time.perf_counter() - started
    engine.PACE.learn(len(names), seconds, len(log.document["frames"]))
    paths = {name: folder / f"{name}.mp4" for name in clips} | {"trace": folder / "trace.json"}
    yield Take(paths, log.document, ended, seconds)


def side_by_side(
    source: np.ndarray,
    made: dict[str, Frame],
    images: dict[str, np.ndarray],
    rectifying: str | None,
    columns: int,
) -> np.ndarray:
    """One grid picture: source, driving, rectified driving, then the variants under their names."""
    any_frame = next(iter(made.values()))
    panes = {
        "portrait": source,
        "driving clip" + (" (no face: held)" if any_frame.held else ""): any_frame.driving,
    }
    if rectifying:
        panes["driving, rescaled"] = made[rectifying].rectified
    if len(made) > 1:  # so that the variants share the second row
        panes["measured"] = scale_card(any_frame.scale, source.shape[0])
    panes |= {LABELS[name]: image for name, image in images.items()}
    return grid(panes, columns=min(columns, len(panes)))


def paste_back(scene: Scene, clip: Path, output: Path) -> Path:
    """Put a generated clip back into the whole portrait, at most 1280 pixels a side."""
    portrait, crop = fitted(scene.portrait, scene.source_crop, PASTED_SIDE)
    paster = Paster(portrait, crop)
    with VideoWriter(output, scene.video.fps, audio_from=clip, comment=MARK) as writer:
        for frame in read_frames(clip):
            writer.write(paster.paste(frame))
    return output


def fitted(portrait: np.ndarray, crop: Crop, side: int) -> tuple[np.ndarray, Crop]:
    """A picture shrunk to at most ``side`` pixels, and its crop with it."""
    from PIL import Image

    height, width = portrait.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1:
        return portrait, crop
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = np.array(Image.fromarray(portrait).resize(size, Image.Resampling.LANCZOS))
    return small, Crop(*(round(value * ratio) for value in (crop.left, crop.top, crop.size)))
