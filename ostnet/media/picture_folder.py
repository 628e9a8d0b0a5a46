"""Writing a clip as a folder of PNG pictures; any other output is a video.

A new module, since a folder needs neither an encoder process nor a container.
"""

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.files import new_folder
from ostnet.media.probe import VideoInfo
from ostnet.media.provenance import mark_generated
from ostnet.media.signing import signer
from ostnet.media.writer import CONTAINERS, VideoWriter

COMPRESSION = 3
"""Level of the PNG files, 0 to 9; 6, Pillow's own, is takes twice as long for 4 % less."""


class PictureFolder:
    """Write generated frames as frame_00001.png, frame_00002.png, ... into a folder.

    The folder appears only when the `with` block ends without an error.

    Args:
        path: a folder that is empty or does not exist.
        comment: stored in every file.

    Raises:
        InputError: the folder is not empty or is a file, or the host's certificate cannot be used.
    """

    def __init__(self, path: Path, comment: str | None = None):
        self.path, self.comment, self.frames = path, comment, 0
        self._signer = signer(".png")
        self._cleanup = contextlib.ExitStack()
        if path.exists() and not path.is_dir():
            raise InputError(f"output: '{path}' is a file; give a folder or the name of a video")

    def __enter__(self) -> "PictureFolder":
        self._stage = self._cleanup.enter_context(new_folder(self.path))
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self._cleanup.__exit__(kind, error, traceback)

    def write(self, frame: np.ndarray) -> None:
        """Write one frame, uint8 RGB (H, W, 3) or RGBA (H, W, 4)."""
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        if self.comment is not None:
            texts.add_text("Comment", self.comment)
        self.frames += 1
        file = self._stage / f"frame_{self.frames:05d}.png"
        Image.fromarray(frame).save(file, pnginfo=texts, compress_level=COMPRESSION)
        mark_generated(file, ".png", self._signer)


def open_output(
    path: str | os.PathLike,
    fps: Fraction,
    sound: VideoInfo | None = None,
    expected: int | None = None,
    comment: str | None = None,
) -> VideoWriter | PictureFolder:
    """Return the writer of generated frames: a folder without a suffix, else a `VideoWriter`."""
    if is_folder(Path(path)):
        return PictureFolder(Path(path), comment)
    return VideoWriter(path, fps, sound, expected, comment, generated=True)


def is_folder(path: Path) -> bool:
    """Return whether an output is a folder of pictures."""
    return not path.suffix or path.is_dir()


def holds_alpha(path: Path) -> bool:
    """Return whether an output can hold an alpha channel."""
    container = CONTAINERS.get(path.suffix.lower())
    return is_folder(path) or (container is not None and container.alpha is not None)
