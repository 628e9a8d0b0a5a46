"""Videos as streams of frames: every frame in order, exactly once, in constant memory."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, ffmpeg, open_input, reason, stop
from ostnet.media.image import read_image
from ostnet.media.limits import BeyondLimitError
from ostnet.media.ppm import pictures
from ostnet.media.probe import SMALLEST, SQUARE_PIXELS, VideoInfo, found_in, probe
from ostnet.media.sandbox import broken_limit, start_decoder
from ostnet.media.timeouts import in_time
from ostnet.media.tone import HIGH_RANGE, to_standard_range
from ostnet.media.writer import VideoWriter

__all__ = ["VideoInfo", "VideoWriter", "probe", "read_frames", "read_image"]


def read_frames(
    path: str | os.PathLike, max_frames: int | None = None, role: str | None = None
) -> Iterator[np.ndarray]:
    """Yield the frames of a video as uint8 RGB (H, W, 3), as shown: rotated, square pixels.

    Each frame of the file comes exactly once and in order; where the rate varies frames are
    repeated or left out, so that each keeps its time at the rate that `probe` tells. Grey and
    10-bit material is turned into 8-bit RGB, high dynamic range is brought down to the standard
    one, an alpha channel is dropped. A damaged file yields what can be decoded. `max_frames` stops
    early. Raises InputError, at the first frame, where there is none; `role` names the input there
    (default: the file's name).
    """
    file, name = existing_file(path, role)
    try:
        yield from _frames(file, name, max_frames)
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error


def _frames(file: Path, name: str, max_frames: int | None) -> Iterator[np.ndarray]:
    """The same for a file that is there; also raises BeyondLimitError."""
    if max_frames is not None and max_frames < 1:
        raise InputError(f"{name}: cannot read {max_frames} frames; ask for at least 1")
    filters, count = _as_shown(found_in(file), max_frames)
    limit = [] if count is None else ["-frames:v", str(count)]
    with tempfile.TemporaryFile() as log:
        process = start_decoder(
            ffmpeg(
                *("-loglevel", "error", *open_input(file)),
                *("-map", "0:V:0", "-fps_mode", "passthrough", *limit),
                *("-vf", ",".join(filters), "-pix_fmt", "rgb24"),
                *("-c:v", "ppm", "-f", "image2pipe", "-"),
            ),
            log,
        )
        count = 0
        try:
            for frame in in_time(process, pictures(process.stdout)):
                if min(frame.shape[:2]) < SMALLEST:
                    size = f"{frame.shape[1]}x{frame.shape[0]}"
                    raise InputError(f"{name}: {size} pixels is too small; "
                                     f"give at least {SMALLEST} pixels a side")  # fmt: skip
                count += 1
                yield frame
        finally:
            stop(process)
        log.seek(0)
        said = log.read()
        if limit := broken_limit(process, said):
            raise BeyondLimitError(limit)
        if count == 0:
            problem = reason(said)
            raise InputError(f"{name}: no frame can be read from '{file.name}' ({problem}); "
                             "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip


def _as_shown(info: VideoInfo | None, most: int | None) -> tuple[list[str], int | None]:
    """Filters that show a clip as it is meant, and how many frames to stop after."""
    filters = [SQUARE_PIXELS]
    if info is not None and info.transfer in HIGH_RANGE:
        filters = [*to_standard_range(info.transfer), SQUARE_PIXELS]
    if info is not None and info.varies:
        filters += ["setpts=PTS-STARTPTS", f"fps={info.fps}", "tpad=stop=-1:stop_mode=clone"]
        most = info.frames if most is None else min(most, info.frames)
    return filters, most
