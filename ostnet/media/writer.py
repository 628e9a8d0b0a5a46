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
from ostnet.media.ffmpeg import ffmpeg, open_input, reason, stop
from ostnet.media.probe import VideoInfo
from ostnet.media.timeline import DRIFT


class VideoWriter:
    """Write frames to an MP4 file: H.264, yuv420p, index at the front, even size.

    The file appears at `path` only when the `with` block ends well; until then everything lies
    in a hidden folder beside it, which is gone afterwards in any case::

        with VideoWriter("out.mp4", Fraction(30000, 1001), probe("driving.mp4")) as writer:
            for frame in frames:
                writer.write(frame)

    `fps` is kept exactly. The sound of the clip `sound`, if it has any, is cut to the length of the
    video and set so that it stays with the picture: AAC of an MP4 or MOV file is copied, the rest
    becomes AAC at 192 kbit/s. `expected` is how many frames will be written, if that is known.
    `comment` is stored in the file's metadata. `crf` is x264's quality (lower is better and
    larger). An odd side grows by one repeated pixel.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        fps: Fraction,
        sound: VideoInfo | None = None,
        expected: int | None = None,
        comment: str | None = None,
        crf: int = 17,
    ):
        self.path = Path(path)
        if self.path.suffix.lower() not in (".mp4", ".m4v", ".mov"):
            raise InputError(f"output: '{self.path.name}' is no MP4 file; end its name in .mp4")
        if self.path.is_dir():
            raise InputError(f"output: '{self.path}' is a folder; give the path of a file")
        self.fps = Fraction(fps)
        self.comment = comment
        self.crf = crf
        self.frames = 0
        """Number of frames written so far."""
        self._sound = sound if sound is not None and sound.audio else None
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
        self._shape = shape
        height, width = (side + side % 2 for side in shape[:2])
        comment = [] if self.comment is None else ["-metadata", f"comment={self.comment}"]
        with_sound, length = [], []
        if self._sound is not None:
            with_sound = [*open_input(self._sound.path), "-map", "0:v", "-map", "1:a:0"]
            with_sound += _sound_options(self._sound)
        if self._sound is not None and self._expected is not None:
            length = ["-t", f"{float(self._expected / self.fps):.6f}"]
        self._process = subprocess.Popen(
            ffmpeg(
                *("-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
                *("-video_size", f"{width}x{height}", "-framerate", str(self.fps), "-i", "-"),
                *with_sound,
                *("-c:v", "libx264", "-preset", "fast", "-crf", str(self.crf)),
                # BT.601, which players and readers assume at this size, and say so in the file.
                *("-vf", "scale=out_color_matrix=bt601:out_range=tv"),
                *("-pix_fmt", "yuv420p", "-colorspace", "smpte170m", "-color_range", "tv"),
                *("-movflags", "+faststart", *comment, *length),
                f"file:{self._folder}/picture.mp4",
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
        finished = self._folder / "picture.mp4"
        if self._sound is not None and self.frames != self._expected:
            finished = self._cut(finished)
        os.replace(finished, self.path)

    def _cut(self, whole: Path) -> Path:
        """The file with its sound cut to the frames that were written in the end."""
        short = self._folder / "short.mp4"
        command = ffmpeg(
            *("-loglevel", "error", "-i", f"file:{whole}", "-c", "copy", "-map", "0"),
            *("-movflags", "+faststart", "-t", f"{float(self.frames / self.fps):.6f}"),
            f"file:{short}",
        )
        done = subprocess.run(command, capture_output=True)
        if done.returncode != 0:
            raise OSError(f"the sound of '{self.path}' cannot be cut: {reason(done.stderr)}")
        return short

    def _failure(self) -> OSError:
        self._process.wait()
        log = self._process.stderr
        problem = reason(log.read() if log else b"")
        return OSError(f"the video encoder failed on '{self.path}': {problem}")


def _sound_options(sound: VideoInfo) -> tuple[str, ...]:
    """ffmpeg options that carry the sound of a clip over."""
    if sound.audio == "aac" and sound.is_mp4 and abs(sound.start) < DRIFT / 10:
        return ("-c:a", "copy")
    # The picture now starts at 0: move the sound along, filling with silence what is missing.
    shift = f"asetpts=PTS-{sound.start:.6f}/TB,aresample=async=1:first_pts=0"
    return ("-af", shift, "-c:a", "aac", "-b:a", "192k")
