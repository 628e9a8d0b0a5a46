"""The Python examples of the documents, and the files that they use."""

import re
from itertools import islice
from pathlib import Path

from ostnet.media.video import VideoWriter, probe, read_frames

ROOT = Path(__file__).resolve().parent.parent
PAGE = "http://127.0.0.1:7860"
"""Address of the page in the documents."""

FRAMES = 3
"""Number of frames of clip.mp4."""


def examples(document: str, of_the_page: bool = False) -> list[str]:
    """Return the blocks of a document that call the running page, or all others."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)
    return [block for block in blocks if (PAGE in block) == of_the_page]


def lay_out_inputs(folder: Path) -> None:
    """Put the weights, a portrait me.jpg and a clip clip.mp4 into a folder."""
    (folder / "checkpoints").symlink_to(ROOT / "checkpoints")
    (folder / "me.jpg").symlink_to(ROOT / "examples" / "portraits" / "eileen_collins.jpg")
    driving = ROOT / "examples" / "driving" / "mid_1.0_audio.mp4"
    with VideoWriter(folder / "clip.mp4", probe(driving).fps) as writer:
        for frame in islice(read_frames(driving), FRAMES):
            writer.write(frame)
