"""A video out: H.264 that browsers play, the driving clip's exact rate, its sound."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import ffmpeg, open_input, reason, stop
from ostnet.media.probe import DRIFT, probe

COPY_AAC = ("-c:a", "copy", "-bsf:a", "aac_adtstoasc")
"""Keep a sound track as it is; this bit stream filter fails for anything but AAC."""


class VideoWriter:
    """Write frames to an MP4 file: H.264, yuv420p, index at the front, even size.

    The file appears at `path` only when the `with` block ends well; until then everything lies
    in a hidden folder beside it, which is gone afterwards in any case::

        with VideoWriter("out.mp4", Fraction(30000, 1001), audio_from="driving.mp4") as writer:
            for frame in frames:
                writer.write(frame)

    `fps` is kept exactly. The sound of `audio_from`, if it has any, is cut to the length of the
    video and set so that it stays with the picture: AAC is copied, the rest becomes AAC at
    192 kbit/s. `comment` is stored in the file's metadata. `crf` is x264's quality (lower is
    better and larger). An odd side grows by one repeated pixel.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        fps: Fraction,
        audio_from: str | os.PathLike | None = None,
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
        self._audio_from = audio_from
        self._ways_of_sound = _ways_of_sound(audio_from)
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
            self._process.stdin.write(memoryview(np.ascontiguousarray(frame)).cast("B"))
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
        self._process = subprocess.Popen(
            ffmpeg(
                *("-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
                *("-video_size", f"{width}x{height}", "-framerate", str(self.fps), "-i", "-"),
                *("-c:v", "libx264", "-preset", "fast", "-crf", str(self.crf)),
                # BT.601, which players and readers assume at this size, and say so in the file.
                *("-vf", "scale=out_color_matrix=bt601:out_range=tv"),
                *("-pix_fmt", "yuv420p", "-colorspace", "smpte170m", "-color_range", "tv"),
                *("-movflags", "+faststart", *comment, f"file:{self._folder}/picture.mp4"),
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._cleanup.callback(stop, self._process)

    def _finish(self) -> None:
        """Close the encoder, add sound and metadata, and put the file in its place."""
        if self._shape is None:
            raise ValueError("no frame was written")
        try:
            self._process.stdin.close()
        except BrokenPipeError as error:
            raise self._failure() from error
        if self._process.wait() != 0:
            raise self._failure()
        finished = self._folder / "picture.mp4"
        if self._ways_of_sound:
            finished = self._add_sound(finished)
        os.replace(finished, self.path)

    def _add_sound(self, picture: Path) -> Path:
        """Join picture and sound; the picture alone, with a warning, where no way works."""
        whole = self._folder / "whole.mp4"
        for sound in self._ways_of_sound:
            command = ffmpeg(
                *("-loglevel", "error", "-i", f"file:{picture}"),
                *open_input(Path(self._audio_from)),
                *("-map", "0:v", "-c:v", "copy", "-map", "1:a:0", *sound),
                *("-movflags", "+faststart"),
                *("-t", f"{float(self.frames / self.fps):.6f}", "-y", f"file:{whole}"),
            )
            if subprocess.run(command, capture_output=True).returncode == 0:
                return whole
        warnings.warn(f"the sound of '{self._audio_from}' could not be kept", stacklevel=4)
        return picture

    def _failure(self) -> OSError:
        self._process.wait()
        problem = reason(self._process.stderr.read())
        return OSError(f"the video encoder failed on '{self.path}': {problem}")


def _ways_of_sound(audio_from: str | os.PathLike | None) -> list[tuple[str, ...]]:
    """ffmpeg options that add the sound of a file, best way first; none where there is no sound."""
    if audio_from is None or not (info := probe(audio_from)).has_audio:
        return []
    # The picture now starts at 0: move the sound along, filling with silence what is missing.
    shift = f"asetpts=PTS-{info.start:.6f}/TB,aresample=async=1:first_pts=0"
    encode = ("-af", shift, "-c:a", "aac", "-b:a", "192k")
    return [COPY_AAC, encode] if abs(info.start) < DRIFT / 10 else [encode]
