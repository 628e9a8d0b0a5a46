"""``landmarks.npz`` of a data folder: per file of the manifest, landmarks of its frames."""

import zipfile
from pathlib import Path

import numpy as np

from ostnet import landmarks
from ostnet.errors import InputError


class LandmarkFile:
    """The landmarks of a data folder, read file by file; a folder without them knows none.

    Raises:
        InputError: ``landmarks.npz`` is no archive of arrays.
    """

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.npz"
        try:
            self._archive = np.load(self.path) if self.path.is_file() else {}
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"landmarks {self.path}: not an archive of arrays ({type(error).__name__}); "
                "write it with numpy.savez, or remove it"
            ) from error
        self._known = set(self._archive)

    def read(self, file: str) -> np.ndarray | None:
        """Landmarks of one file of the manifest.

        Args:
            file: its path as the manifest writes it.

        Returns:
            (frames, 70, 2) float32 in [-1, 1], NaN where no face was found; None where nothing is
            known of the file.

        Raises:
            InputError: an array of another shape.
        """
        if file not in self._known:
            return None
        points = self._archive[file]
        if points.ndim != 3 or points.shape[1:] != (landmarks.POINTS, 2):
            raise InputError(
                f"landmarks {self.path}: {file} has shape {points.shape}; "
                f"expected (frames, {landmarks.POINTS}, 2)"
            )
        return points.astype(np.float32)
