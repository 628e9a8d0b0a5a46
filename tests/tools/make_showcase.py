"""Render examples/showcase for the embedded weights: `python tests/tools/make_showcase.py`.

Writes the comparison that plays when the page opens, and a thumbnail of every example.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ostnet.animation.outputs import LABELS, MARK
from ostnet.animation.pipeline import Pipeline
from ostnet.animation.scene import NETWORK_SIDE, open_scene
from ostnet.animation.showcase import DRIVING, EXAMPLES, FOLDER, PORTRAIT, made_of
from ostnet.files import staged, write_text
from ostnet.hub import embedded
from ostnet.media.compose import grid
from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.methods import VARIANTS
from ostnet.model.ostnet import OSTNet
from ostnet.options import AnimateOptions

QUALITY = 27
"""Rate factor of x264: small files without visible loss at the size of the page."""

THUMBNAIL_SIDE = 144


def make_showcase(weights: Path, folder: Path = FOLDER) -> None:
    """Write wide.mp4, narrow.mp4 and showcase.json; they replace the old files together."""
    scene = open_scene(PORTRAIT, DRIVING, AnimateOptions(size=NETWORK_SIDE))
    pipeline = Pipeline(OSTNet.from_pretrained(str(weights)), overlap=False)
    with tempfile.TemporaryDirectory() as scratch, staged(folder) as stage:
        run = Path(scratch) / "run"
        result = pipeline.run_folder(scene, run, VARIANTS)
        _write(stage / "wide.mp4", result.files["grid"], read_frames(result.files["grid"]))
        _write(stage / "narrow.mp4", result.files["grid"], _narrow(scene.source, result.files))
        for frame in result.trace["frames"]:
            del frame["ms"]  # differs from run to run
        kept = {"made_of": made_of(weights), "trace": result.trace}
        write_text(stage / "showcase.json", json.dumps(kept, separators=(",", ":")) + "\n")


def make_thumbnails(folder: Path = FOLDER) -> None:
    """Write a thumbnail of every example, ``folder``/NAME.jpg; of a clip, its middle frame."""
    for file in sorted([*EXAMPLES.glob("portraits/*.*"), *EXAMPLES.glob("driving/*.mp4")]):
        if file.suffix == ".mp4":
            picture = Image.fromarray(list(read_frames(file, probe(file).frames // 2))[-1])
        else:
            picture = Image.open(file).convert("RGB")
        thumbnail = ImageOps.fit(picture, (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        thumbnail.save(folder / f"{file.stem}.jpg", quality=82)


def _narrow(portrait: np.ndarray, files: dict[str, Path]) -> Iterator[np.ndarray]:
    """Yield frames for phones: portrait, driving clip and the variants, two side by side."""
    clips = [read_frames(files[name]) for name in VARIANTS]
    for driving, *images in zip(read_frames(DRIVING), *clips, strict=True):
        panes = {"portrait": portrait, "driving clip": driving}
        panes |= {LABELS[name]: image for name, image in zip(VARIANTS, images, strict=True)}
        yield grid(panes, columns=2)


def _write(path: Path, like: Path, frames: Iterable[np.ndarray]) -> None:
    with VideoWriter(path, probe(like).fps, comment=MARK, generated=True, crf=QUALITY) as writer:
        for frame in frames:
            writer.write(frame)


def main() -> None:
    """Write the folder."""
    checkpoint = embedded()
    make_showcase(checkpoint.folder)
    make_thumbnails()
    print(f"wrote {FOLDER}, made by {checkpoint.name}")


if __name__ == "__main__":
    main()
