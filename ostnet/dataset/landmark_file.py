"""``landmarks.npz`` of a data folder: landmarks of the frames of each file of the manifest."""

import zipfile
from pathlib import Path

import numpy as np

from ostnet import landmarks
from ostnet.errors import InputError


class LandmarkFile:
    """The landmarks of a data folder, read on demand; the folder may have none.

    Raises:
        InputError: ``landmarks.npz`` is not an archive of arrays.
    """

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.npz"
        try:
            self._archive = np.load(self.path) if self.path.is_file() else {}
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"landmarks {self.path}: not an .npz archive ({type(error).__name__}); write it "
                "with numpy.savez, or remove it"
            ) from error
        self._known = set(self._archive)

    def read(self, file: str) -> np.ndarray | None:
        """Return the landmarks of a file, given by its path in the manifest.

        Returns:
            (frames, 70, 2) float32 in [-1, 1], NaN in frames without a face; None if the file has
            no landmarks.

        Raises:
            InputError: the array has another shape.
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
