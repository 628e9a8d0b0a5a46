"""Draw checkpoints/ostnet-lite/samples.jpg: `python tests/render_samples.py`.

Both portraits of the examples, each driven by one frame of every example clip.
"""

from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from ostnet import Animator
from ostnet.animation.scene import Inputs, look_at
from ostnet.hub import embedded
from ostnet.media.compose import grid
from ostnet.media.video import read_frames
from ostnet.methods import VARIANTS

EXAMPLES = Path(__file__).parents[1] / "examples"
MOMENT = 64
"""Frame of each clip."""
SIDE = 178
"""Of each pane, in pixels."""


def pane(picture: np.ndarray) -> np.ndarray:
    """A uint8 picture (H, W, 3), smaller."""
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def rows():
    """One row for each portrait and clip, uint8 (h, w, 3)."""
    animator = Animator(embedded().folder)
    clips = sorted(EXAMPLES.glob("driving/*.mp4"))
    for portrait in sorted(EXAMPLES.glob("portraits/*")):
        source = look_at(Inputs(portrait, clips[0], driving_crop="none")).source
        animator.set_source(source)
        for clip in clips:
            frame = next(islice(read_frames(clip), MOMENT, None))
            made = next(animator.variants([frame]))
            shown = {"source": source, "driving": frame, "rectified": made["full"].rectified}
            shown |= {name.replace("_", " "): made[name].image for name in VARIANTS}
            yield grid({name: pane(one) for name, one in shown.items()}, columns=len(shown))


if __name__ == "__main__":
    picture = embedded().folder / "samples.jpg"
    Image.fromarray(np.concatenate(list(rows()))).save(picture, quality=90, optimize=True)
    print(f"wrote {picture}")
