"""What a name in a pair list stands for: a clip of the data set, a frame of one, or a picture."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import PICTURES, Clip, count_frames, frame_files, frame_number
from ostnet.evaluation.data.datasets import NAMINGS, VIDEOS, Dataset, clip_name, id_of


@dataclass(frozen=True)
class Place:
    """One source or driving picture, or a whole clip."""

    clip: Clip
    """The video, folder of frames, or picture (a clip of one frame)."""
    frame: int | None = None
    """Index of the frame that the name itself tells; None for the name of a clip."""


class Locator:
    """Finds names below the folder of a data set.

    A name may lead through folders of another machine; it counts from where it fits. Known are
    the clips of the data set, with or without their ending; their frames, as ``clip/0000012.png``
    with or without its ending, also where the clip is stored as a video (numbers count from 0, as
    in DaGAN's and MCNet's lists); and any video or picture below the folder or its split's.
    """

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self.by_file = {clip.file: clip for clip in dataset.clips}
        self.by_name = defaultdict(list)
        for clip in dataset.clips:
            self.by_name[clip_name(clip.file)].append(clip)
        self._frames: dict[str, dict[str | int | None, int]] = {}

    def __call__(self, name: str) -> Place | None:
        """The place of a name, None where it fits nowhere.

        Raises InputError for a name that fits several clips.
        """
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            return None
        if clip := self._clip(parts):
            return Place(clip)
        if clip := self._clip(parts[:-1]):
            frame = self._frame(clip, parts[-1])
            return None if frame is None else Place(clip, frame)
        return self._file(parts)

    def _clip(self, parts: list[str]) -> Clip | None:
        for tail in _tails(parts):
            if tail in self.by_file:
                return self.by_file[tail]
        same = self.by_name.get(clip_name(parts[-1]), []) if parts else []
        if len(same) > 1:
            files = ", ".join(clip.file for clip in same)
            raise InputError(f"pair list: {parts[-1]!r} may be any of {files}; give the whole path")
        return same[0] if same else None

    def _frame(self, clip: Clip, name: str) -> int | None:
        """Index of a frame by its file's name, or by its number."""
        number, path = frame_number(name), self.dataset.folder / clip.file
        if not path.is_dir():
            return number if number is not None and number < clip.frames else None
        if clip.file not in self._frames:
            names = [file.name for file in frame_files(path)]
            by_number = {frame_number(file): index for index, file in enumerate(names)}
            self._frames[clip.file] = by_number | {file: index for index, file in enumerate(names)}
        indices = self._frames[clip.file]
        return indices.get(name, indices.get(number))

    def _file(self, parts: list[str]) -> Place | None:
        """A video outside the data set's split, or a picture."""
        for tail in _tails(parts):
            for folder in (self.dataset.folder, self.dataset.folder / self.dataset.split):
                for ending in ("", *PICTURES, *VIDEOS):
                    path = folder / f"{tail}{ending}"
                    if path.is_file() and path.suffix.lower() in (*PICTURES, *VIDEOS):
                        return self._place(path)
        return None

    def _place(self, path: Path) -> Place:
        file = path.relative_to(self.dataset.folder).as_posix()
        frame = 0 if path.suffix.lower() in PICTURES else None
        return Place(Clip(file, self._person(file), count_frames(path)), frame)

    def _person(self, file: str) -> str:
        """Identity by the innermost part of the path that follows the data set's naming."""
        naming = NAMINGS.get(self.dataset.kind)
        for part in reversed(file.split("/")):
            if naming and naming.clip.fullmatch(clip_name(part)):
                return id_of(part, self.dataset.kind)
        return file


def _tails(parts: list[str]) -> list[str]:
    """a/b/c, b/c, c."""
    return ["/".join(parts[start:]) for start in range(len(parts))]
