"""Writing videos that browsers play, with an exact frame rate and the sound of another clip."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.files import problem_with_output
from ostnet.media.ffmpeg import ffmpeg, open_input, reason, stop
from ostnet.media.probe import VideoInfo
from ostnet.media.provenance import insert_gif_comment, mark_generated, muxer_options
from ostnet.media.sandbox import start_encoder
from ostnet.media.signing import signer
from ostnet.media.timeline import DRIFT

FASTSTART = ("-movflags", "+faststart")


def _pixels(pixel_format: str) -> tuple[str, ...]:
    """Return options for BT.601, which players assume at this size, and which the file states."""
    matrix = ("-vf", "scale=out_color_matrix=bt601:out_range=tv")
    return (*matrix, "-pix_fmt", pixel_format, "-colorspace", "smpte170m", "-color_range", "tv")


@dataclass(frozen=True)
class _Container:
    """ffmpeg's options for one kind of file."""

    codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "veryfast")
    pixels: tuple[str, ...] = _pixels("yuv420p")
    sound: tuple[str, ...] = ("-c:a", "aac", "-b:a", "192k")
    """Encoding of the sound; empty: the file has none."""
    copied: str = "aac"
    """Codec of a sound track that is copied without encoding."""
    layout: tuple[str, ...] = ()
    quality: str | None = "15"
    """Constant rate factor of the codec, lower is better and larger; None: the codec has none.
    At 15, x264's preset veryfast keeps an SSIM of .995 at the size of fast and 17, in half its
    time."""
    alpha: "_Container | None" = None
    """The options for frames with an alpha channel; None: the file cannot hold one."""


MP4 = _Container(layout=FASTSTART)
WEBM = _Container(
    codec=("-c:v", "libvpx-vp9", "-b:v", "0", "-cpu-used", "4", "-row-mt", "1"),
    sound=("-c:a", "libopus", "-b:a", "128k"),
    copied="opus",
    quality="24",
)
WEBM = replace(WEBM, alpha=replace(WEBM, pixels=_pixels("yuva420p")))
PRORES_4444 = _Container(
    ("-c:v", "prores_ks", "-profile:v", "4444", "-vendor", "apl0"),
    _pixels("yuva444p10le"),
    layout=FASTSTART,
    quality=None,
)
MOV = replace(MP4, alpha=PRORES_4444)
LOSSLESS = _Container(("-c:v", "libx264rgb", "-preset", "ultrafast"), (), (), quality="0")
"""Intermediate file of a GIF, whose palette is known only at the end."""

CONTAINERS = {
    **dict.fromkeys((".mp4", ".m4v"), MP4),
    ".mov": MOV,
    ".mkv": _Container(),
    ".webm": WEBM,
    ".gif": LOSSLESS,
}
"""Suffix of a file's name -> its kind."""

PIXELS = {3: "rgb24", 4: "rgba"}
"""Channels of a frame -> ffmpeg's name of its layout."""

FASTEST_GIF = 50
"""Highest frame rate of a GIF; viewers slow down faster ones."""


class VideoWriter:
    """Write frames to a video file of even size; the suffix of its name gives its kind.

    MP4, MKV and MOV hold H.264 (yuv420p), WebM holds VP9. Frames with alpha give a WebM of VP9 with
    alpha, or a MOV of ProRes 4444. A GIF is looped, has one palette and no sound. The file appears
    at `path` only when the `with` block ends without an error; until then everything is in a hidden
    folder beside it, which is always removed::

        with VideoWriter("out.mp4", Fraction(30000, 1001), probe("driving.mp4")) as writer:
            for frame in frames:
                writer.write(frame)

    Args:
        path: the file to write. A side of odd length grows by one repeated pixel.
        fps: exact frame rate.
        sound: clip whose sound is cut to the video's length and kept in sync with the picture. AAC
            of an MP4 or MOV file is copied; any other is encoded as AAC (Opus in WebM).
        expected: number of frames that will be written, if known.
        comment: stored in the file's metadata.
        generated: mark the file as generated; see :mod:`ostnet.media.provenance`.
        crf: the codec's quality, lower is better and larger; None: a good one. ProRes has none.

    Raises:
        InputError: the suffix is unknown, the path is a folder or cannot be written, or the host's
            certificate cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        fps: Fraction,
        sound: VideoInfo | None = None,
        expected: int | None = None,
        comment: str | None = None,
        generated: bool = False,
        crf: int | None = None,
    ):
        self.path = Path(path)
        self._suffix = self.path.suffix.lower()
        if self._suffix not in CONTAINERS:
            raise InputError(f"output: '{self.path.name}' is not a supported video file; "
                             f"end its name in {', '.join(CONTAINERS)}")  # fmt: skip
        self._container = CONTAINERS[self._suffix]
        if self.path.is_dir():
            raise InputError(f"output: '{self.path}' is a folder; give the path of a file")
        self.fps = Fraction(fps)
        self.comment = comment
        self._generated = generated
        self._signer = signer(self._suffix) if generated else None
        self._metadata = muxer_options(self._suffix) if generated else []
        if comment is not None:
            self._metadata += ["-metadata", f"comment={comment}"]
        self.crf = crf
        self.frames = 0
        """Number of frames written so far."""
        has_sound = sound is not None and sound.audio and self._container.sound
        self._sound = sound if has_sound else None
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
        """Append one frame, uint8 RGB (H, W, 3) or RGBA (H, W, 4), with the size of the first."""
        channels = (3, 4) if self._container.alpha else (3,)
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] not in channels:
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
        """Make the hidden folder and start the encoder."""
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
        container = self._container
        if shape[2] == 4 and container.alpha is not None:
            container = container.alpha
        quality = container.quality if self.crf is None else self.crf
        rate = [] if container.quality is None else ["-crf", str(quality)]
        with_sound, length = [], []
        if self._sound is not None:
            track = f"1:a:{self._sound.track}"
            with_sound = [*open_input(self._sound.path), "-map", "0:v", "-map", track]
            with_sound += _sound_options(self._sound, container)
        if self._sound is not None and self._expected is not None:
            length = ["-t", f"{float(self._expected / self.fps):.6f}"]
        self._process = start_encoder(
            ffmpeg(
                *("-loglevel", "error", "-f", "rawvideo", "-pix_fmt", PIXELS[shape[2]]),
                *("-video_size", f"{width}x{height}", "-framerate", str(self.fps), "-i", "-"),
                *with_sound,
                *(*container.codec, *rate, *container.pixels),
                *(*container.layout, *self._metadata, *length),
                f"file:{self._picture}",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        self._frames_in = self._process.stdin
        self._cleanup.callback(stop, self._process)

    def _finish(self) -> None:
        """Close the encoder and move the file to its path."""
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
        if self._generated:
            mark_generated(finished, self._suffix, self._signer)
        os.replace(finished, self.path)

    def _cut(self, whole: Path) -> Path:
        """Return a copy whose sound ends with the last frame."""
        short = self._folder / f"short{self._suffix}"
        length = f"{float(self.frames / self.fps):.6f}"
        self._run(
            *("-i", f"file:{whole}", "-c", "copy", "-map", "0"),
            *(*self._container.layout, *self._metadata, "-t", length, f"file:{short}"),
        )
        return short

    def _animated(self, whole: Path) -> Path:
        """Return the video as a looped GIF with one palette and the comment."""
        palette, target = self._folder / "palette.png", self._folder / "picture.gif"
        rate = [f"fps={FASTEST_GIF}"] if self.fps > FASTEST_GIF else []
        colours = ",".join([*rate, "palettegen=stats_mode=diff"])
        drawing = ",".join([*rate, "paletteuse=dither=sierra2_4a:diff_mode=rectangle"])
        source = ("-i", f"file:{whole}")
        self._run(*source, "-vf", colours, "-frames:v", "1", "-update", "1", f"file:{palette}")
        self._run(
            *(*source, "-f", "png_pipe", "-i", f"file:{palette}"),  # takes "%d" in a path literally
            *("-lavfi", drawing, "-fps_mode", "passthrough", "-loop", "0", f"file:{target}"),
        )
        if self.comment is not None:
            insert_gif_comment(target, self.comment)
        return target

    def _run(self, *arguments: str) -> None:
        command = ffmpeg("-loglevel", "error", *arguments)
        done = subprocess.run(command, capture_output=True, start_new_session=True)
        if done.returncode != 0:
            problem = problem_with_output(self.path.parent) or reason(done.stderr)
            raise OSError(f"'{self.path}' cannot be finished: {problem}")

    def _failure(self) -> OSError:
        self._process.wait()
        log = self._process.stderr
        said = reason(log.read() if log else b"")
        problem = problem_with_output(self.path.parent) or said
        return OSError(f"the video encoder failed on '{self.path}': {problem}")


def _sound_options(sound: VideoInfo, container: _Container) -> tuple[str, ...]:
    """Return ffmpeg's options for the sound of a clip."""
    fits = sound.audio == container.copied and sound.is_mp4
    if fits and abs(sound.start) < DRIFT / 10:
        return ("-c:a", "copy")
    # The picture now starts at 0: shift the sound, with silence for what is missing.
    shift = f"asetpts=PTS-{sound.start:.6f}/TB,aresample=async=1:first_pts=0"
    return ("-af", shift, *container.sound)
