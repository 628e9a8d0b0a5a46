"""Films of rendered people who move about in a large frame, with cuts between."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from procedural_face import FaceParams, Identity, render

from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.media.video import VideoWriter

HEIGHT, WIDTH, FACE = 240, 400, 160
"""Size of the films, and side of the pictures of people in them; a face takes about half of it."""

PEOPLE = {
    "ann": Identity(seed=1, backdrop=(0.45, 0.50, 0.42)),
    "bob": Identity(seed=2, skin=(0.64, 0.45, 0.34), backdrop=(0.35, 0.42, 0.55)),
}
WALLS = {"ann": (40, 60, 110), "bob": (120, 70, 30)}


@pytest.fixture(scope="session")
def portraits() -> dict[str, list[np.ndarray]]:
    """Four moments of each person, FACE x FACE."""
    return {
        name: [
            render(FaceParams(who, mouth_open=t, yaw=0.15 * t), size=FACE)[0]
            for t in np.linspace(0, 1, 4)
        ]
        for name, who in PEOPLE.items()
    }


@pytest.fixture(scope="session")
def film(portraits):
    """Write a film: ``film(path, shot, ...)``, a shot being (frames, {person: (x from, x to)}).

    Without people it shows a sunset. Pictures of people stand 40 pixels below the upper edge.
    """

    def write(path: Path, *shots: tuple[int, dict], fps=Fraction(25), width=WIDTH) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, Fraction(fps)) as writer:
            for frames, people in shots:
                for index in range(frames):
                    writer.write(_frame(portraits, people, index, frames, width))
        return path

    return write


def _frame(portraits, people, index, frames, width) -> np.ndarray:
    frame = np.empty((HEIGHT, width, 3), np.uint8)
    if not people:
        frame[:] = np.linspace([250, 120, 30], [60, 10, 60], HEIGHT)[:, None]
    for name, (begin, end) in people.items():
        if name == next(iter(people)):
            frame[:] = WALLS[name]
        left = round(begin + (end - begin) * index / max(frames - 1, 1))
        moments = portraits[name]
        frame[40 : 40 + FACE, left : left + FACE] = moments[index // 4 % len(moments)]
    return frame


@pytest.fixture(scope="session")
def films(film, tmp_path_factory) -> Path:
    """A folder: two shots around a sunset, both people at once, and a file that is no video."""
    folder = tmp_path_factory.mktemp("films")
    film(folder / "talk" / "one.mp4",
         (30, {"ann": (20, 60)}), (12, {}), (25, {"bob": (200, 190)}))  # fmt: skip
    film(folder / "two.mp4", (20, {"ann": (20, 24), "bob": (216, 220)}))
    (folder / "broken.mp4").write_text("no video")
    return folder


@pytest.fixture
def settings(tmp_path):
    """A configuration for such films: ``settings(videos, field=value, ...)``."""

    def make(videos: Path, **changed) -> PrepareConfig:
        known = dict(
            output=tmp_path / "out", size=64, min_frames=15, min_face=40, detector="dlib",
            max_shift=0.4, val_share=0.5,
        )  # fmt: skip
        return PrepareConfig(videos, **{**known, **changed})

    return make
