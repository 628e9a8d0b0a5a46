"""A video out: H.264 that browsers play, the driving clip's exact rate, its sound."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.containers import CONTAINERS, Container, gif_passes, gif_with_comment
from ostnet.media.ffmpeg import ffmpeg, open_input, reason, stop
from ostnet.media.probe import VideoInfo
from ostnet.media.sandbox import start_encoder
from ostnet.media.timeline import DRIFT


class VideoWriter:
    """Write frames to a video file of even size, of the kind that its name's ending says.

    MP4 (and MOV) holds H.264, yuv420p, with the index at the front; MKV the same; WebM VP9; a GIF
    is looped, in one palette, without sound.

    The file appears at `path` only when the `with` block ends well; until then everything lies
    in a hidden folder beside it, which is gone afterwards in any case::

        with VideoWriter("out.mp4", Fraction(30000, 1001), probe("driving.mp4")) as writer:
            for frame in frames:
                writer.write(frame)

    `fps` is kept exactly. The sound of the clip `sound`, if it has any, is cut to the length of the
    video and set so that it stays with the picture: AAC of an MP4 or MOV file is copied, the rest
    becomes AAC at 192 kbit/s (in WebM Opus). `expected` is how many frames will be written, if that
    is known. `comment` is stored in the file's metadata. `crf` is the codec's quality (lower is
    better and larger; None: a good one). An odd side grows by one repeated pixel.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        fps: Fraction,
        sound: VideoInfo | None = None,
        expected: int | None = None,
        comment: str | None = None,
        crf: int | None = None,
    ):
        self.path = Path(path)
        self._suffix = self.path.suffix.lower()
        if self._suffix not in CONTAINERS:
            raise InputError(f"output: '{self.path.name}' is no kind of video that can be written; "
                             f"end its name in {', '.join(CONTAINERS)}")  # fmt: skip
        self._container = CONTAINERS[self._suffix]
        if self.path.is_dir():
            raise InputError(f"output: '{self.path}' is a folder; give the path of a file")
        self.fps = Fraction(fps)
        self.comment = comment
        self.crf = self._container.quality if crf is None else str(crf)
        self.frames = 0
        """Number of frames written so far."""
        heard = sound is not None and sound.audio and self._container.sound
        self._sound = sound if heard else None
        self._expected = expected
        self._shape = None
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        with self._cleanup:
            if kind is None:
                self._finish()

    def write(self, frame: np.ndarray) -> None:
        """Append one frame, uint8 RGB (H, W, 3), of the size of the first."""
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"a frame is uint8 (H, W, 3), found {frame.dtype} {frame.shape}")
        if self._shape is None:
            self._start(frame.shape)
        if frame.shape != self._shape:
            raise ValueError(f"frame {self.frames} is {frame.shape}, the first was {self._shape}")
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        try:
            self._frames_in.write(memoryview(np.ascontiguousarray(frame)).cast("B"))
        except BrokenPipeError as error:
            raise self._failure() from error
        self.frames += 1

    def _start(self, shape: tuple[int, int, int]) -> None:
        """Make the folder beside the target and start the encoder in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=".ostnet-", dir=self.path.parent))
        except OSError as error:
            raise InputError(f"output: cannot write to '{self.path.parent}' "
                             f"({error.strerror}); choose another folder") from error  # fmt: skip
        self._cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._picture = self._folder / f"picture{self._suffix.replace('.gif', '.mkv')}"
        self._shape = shape
        height, width = (side + side % 2 for side in shape[:2])
        comment = [] if self.comment is None else ["-metadata", f"comment={self.comment}"]
        with_sound, length = [], []
        if self._sound is not None:
            with_sound = [*open_input(self._sound.path), "-map", "0:v", "-map", "1:a:0"]
            with_sound += _sound_options(self._sound, self._container)
        if self._sound is not None and self._expected is not None:
            length = ["-t", f"{float(self._expected / self.fps):.6f}"]
        self._process = start_encoder(
            ffmpeg(
                *("-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
                *("-video_size", f"{width}x{height}", "-framerate", str(self.fps), "-i", "-"),
                *with_sound,
                *(*self._container.codec, "-crf", self.crf, *self._container.pixels),
                *(*self._container.layout, *comment, *length),
                f"file:{self._picture}",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None  # a pipe, as asked for
        self._frames_in = self._process.stdin
        self._cleanup.callback(stop, self._process)

    def _finish(self) -> None:
        """Close the encoder and put the file in its place."""
        if self._shape is None:
            raise ValueError("no frame was written")
        try:
            self._frames_in.close()
        except BrokenPipeError as error:
            raise self._failure() from error
        if self._process.wait() != 0:
            raise self._failure()
        finished = self._picture
        if self._sound is not None and self.frames != self._expected:
            finished = self._cut(finished)
        if self._suffix == ".gif":
            finished = self._animated(finished)
        os.replace(finished, self.path)

    def _cut(self, whole: Path) -> Path:
        """The file with its sound cut to the frames that were written in the end."""
        short = self._folder / f"short{self._suffix}"
        length = f"{float(self.frames / self.fps):.6f}"
        self._run(
            *("-i", f"file:{whole}", "-c", "copy", "-map", "0"),
            *(*self._container.layout, "-t", length, f"file:{short}"),
        )
        return short

    def _animated(self, whole: Path) -> Path:
        """The same frames as a GIF, with the comment."""
        palette, target = self._folder / "palette.png", self._folder / "picture.gif"
        for arguments in gif_passes(str(whole), str(palette), str(target), float(self.fps)):
            self._run(*arguments)
        if self.comment is not None:
            target.write_bytes(gif_with_comment(target.read_bytes(), self.comment))
        return target

    def _run(self, *arguments: str) -> None:
        command = ffmpeg("-loglevel", "error", *arguments)
        done = subprocess.run(command, capture_output=True, start_new_session=True)
        if done.returncode != 0:
            raise OSError(f"'{self.path}' cannot be finished: {reason(done.stderr)}")

    def _failure(self) -> OSError:
        self._process.wait()
        log = self._process.stderr
        problem = reason(log.read() if log else b"")
        return OSError(f"the video encoder failed on '{self.path}': {problem}")


def _sound_options(sound: VideoInfo, container: Container) -> tuple[str, ...]:
    """ffmpeg options that carry the sound of a clip over."""
    fits = sound.audio == container.copied and sound.is_mp4
    if fits and abs(sound.start) < DRIFT / 10:
        return ("-c:a", "copy")
    # The picture now starts at 0: move the sound along, filling with silence what is missing.
    shift = f"asetpts=PTS-{sound.start:.6f}/TB,aresample=async=1:first_pts=0"
    return ("-af", shift, *container.sound)
