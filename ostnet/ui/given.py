"""The values of the Animate tab's inputs, and the choices that it offers."""

import mimetypes
from dataclasses import dataclass, replace
from pathlib import Path

from ostnet.batch import job_list
from ostnet.errors import InputError
from ostnet.media.sequence import PICTURES
from ostnet.options import AnimateOptions

CLIPS = frozenset({*job_list.CLIPS, ".3gp", ".m2ts", ".mts", ".ts"})
"""Suffixes of clips, also where the system does not know that they are videos."""

FIRST_SECONDS = 10
"""Seconds of a clip that are used at first."""
MOST_PAIRS = 12
"""Pairs of portrait and clip in one run."""

CROPS = {"around the face": "auto", "centre of the picture": "none"}
CLIP_CROPS = {"automatic": "auto", "around the face": "fixed", "centre of the picture": "none"}
RESULT_SIZES = {
    "as the portrait, up to 512": None,
    "256": "256",
    "512": "512",
    "1024": "1024",
    "as the portrait": "portrait",
}
SCALE_WINDOWS = {
    "each frame": "frame",
    "the whole clip": "clip",
    "the first second": "start",
    "the last 2 seconds": 2.0,
}
HEAD_POSES = {
    "the portrait's own": "portrait",
    "the driver's, at the portrait's place": "position",
    "the driver's (as in the paper)": "driver",
}
RECTIFIED = {
    "detected again (as in the paper)": "picture",
    "divided by the scale (faster)": "points",
}
ONLY = {
    "everything": None,
    "the mouth": "mouth",
    "the eyes": "eyes",
    "the expression": "expression",
    "the head's movement": "head",
}
"""Choice on the page -> value of :class:`AnimateOptions`; the page starts with the first."""


@dataclass(frozen=True)
class Given:
    """The values of the Animate tab's inputs, in the order in which handlers get them.

    The fields' names are those in links and in the browser's storage.
    """

    portrait: str | None = None
    square: str = next(iter(CROPS))
    face: int = 1
    drawn: str = ""
    """The portrait's square by hand, ``X,Y,SIDE``; empty: none."""
    faces: list[str] | None = None
    """Numbers of the faces to animate together, the largest being 1; empty: one face alone."""
    clip: str | None = None
    seconds: float = FIRST_SECONDS
    clip_square: str = next(iter(CLIP_CROPS))
    clip_face: int = 1
    clip_drawn: str = ""
    zoom: float = 1
    transform: bool = True
    embedding: bool = True
    compare: bool = True
    mark: bool = False
    size: str = next(iter(RESULT_SIZES))
    window: str = next(iter(SCALE_WINDOWS))
    pose: str = next(iter(HEAD_POSES.values()))
    rectify: str = next(iter(RECTIFIED.values()))
    only: str = next(iter(ONLY))
    mouth: float = 1
    eyelids: float = 1
    head: float = 1
    more: list[str] | None = None
    """Further portraits and clips. Without ``clip``, the first of these clips takes its place."""
    columns: int = 4
    """Panes of the comparison side by side."""

    def __post_init__(self) -> None:
        clips = [file for file in self.more or [] if not is_picture(file)]
        if not self.clip and clips:
            more = [file for file in self.more or [] if file != clips[0]]
            object.__setattr__(self, "clip", clips[0])
            object.__setattr__(self, "more", more)

    @property
    def portrait_key(self) -> tuple:
        """Return what the automatic crop of the portrait depends on."""
        return "portrait", self.portrait, self.square, self.face

    @property
    def clip_key(self) -> tuple:
        """Return what the automatic crop of the clip depends on."""
        return "driving", self.clip, self.seconds, self.clip_square, self.clip_face

    @property
    def options(self) -> AnimateOptions:
        """Return the options of a run."""
        return AnimateOptions(
            scale_transform=self.transform,
            scale_embedding=self.embedding,
            driving_zoom=(self.zoom, self.zoom),
            visible_mark=self.mark,
            size=RESULT_SIZES[self.size],
            scale_window=SCALE_WINDOWS[self.window],
            pose=self.pose,
            rectify=self.rectify,
            only=ONLY[self.only],
            mouth=self.mouth,
            eyelids=self.eyelids,
            head=self.head,
            faces=tuple(sorted(int(one) - 1 for one in self.faces)) if self.faces else None,
        )

    def pairs(self) -> list["Given"]:
        """Return every portrait with every clip; further ones are cropped automatically.

        Raises:
            InputError: more than `MOST_PAIRS`.
        """
        pictures, clips = [self.portrait], [self.clip]
        for file in self.more or []:
            (pictures if is_picture(file) else clips).append(file)
        if len(pictures) * len(clips) > MOST_PAIRS:
            raise InputError(
                f"more files: {len(pictures)} portraits times {len(clips)} clips are "
                f"{len(pictures) * len(clips)} runs; remove files until there are at most "
                f"{MOST_PAIRS}"
            )
        made = []
        for picture in pictures:
            one = self
            if picture != self.portrait:
                one = replace(self, portrait=picture, square=Given.square, face=1, drawn="")
                one = replace(one, faces=None)
            automatic = {"clip_square": Given.clip_square, "clip_face": 1, "clip_drawn": ""}
            for clip in clips:
                made.append(one if clip == self.clip else replace(one, clip=clip, **automatic))
        return made


def is_picture(file: str) -> bool:
    """Return whether a file's name is that of a picture that does not move."""
    return not is_clip(file) and (Path(file).suffix.lower() in PICTURES or _is(file, "image"))


def is_clip(file: str) -> bool:
    """Return whether a file's name is that of a clip or a motion file."""
    return file.lower().endswith(tuple(CLIPS)) or _is(file, "video")


def _is(file: str, kind: str) -> bool:
    return (mimetypes.guess_type(file)[0] or "").startswith(f"{kind}/")
