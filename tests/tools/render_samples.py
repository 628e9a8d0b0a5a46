"""Draw checkpoints/ostnet-lite/samples.jpg: `python tests/tools/render_samples.py`.

Both portraits of the examples, each driven by some frames of the webcam clips.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from ostnet.animation.pipeline import Pipeline
from ostnet.animation.scene import NETWORK_SIDE, open_scene
from ostnet.hub import embedded
from ostnet.media.compose import grid
from ostnet.methods import VARIANTS
from ostnet.options import AnimateOptions

EXAMPLES = Path(__file__).parents[2] / "examples"
MOMENTS = {"approaching_webcam": (58, 130), "expressions_webcam": (100, 160)}
"""Frames of each clip: near and far; raised brows with a smile, and an open mouth."""
SIDE = 178
"""Side of each pane, in pixels."""


def pane(picture: np.ndarray) -> np.ndarray:
    """A uint8 picture (H, W, 3), smaller."""
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def rows():
    """One row for each portrait and moment, uint8 (h, w, 3)."""
    pipeline = Pipeline(embedded().folder)
    for portrait in sorted(EXAMPLES.glob("portraits/*")):
        for clip, moments in MOMENTS.items():
            driving, names = EXAMPLES / "driving" / f"{clip}.mp4", list(VARIANTS)
            scene = open_scene(portrait, driving, AnimateOptions(size=NETWORK_SIDE))
            frames = pipeline.generate(
                scene.framed, scene.frames(), names, scene.options, scene.fps, False
            )
            for index, (_, made) in enumerate(frames):
                if index in moments:
                    full = made["full"]
                    shown = {"source": scene.source, "driving": full.driving}
                    shown |= {"rectified": full.rectified}
                    shown |= {name.replace("_", " "): made[name].image for name in names}
                    yield grid({name: pane(one) for name, one in shown.items()}, len(shown))


if __name__ == "__main__":
    picture = embedded().folder / "samples.jpg"
    Image.fromarray(np.concatenate(list(rows()))).save(picture, quality=90, optimize=True)
    print(f"wrote {picture}")
