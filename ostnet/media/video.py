"""Videos as streams of frames: every frame in order, exactly once, in constant memory."""

import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import (
    existing_file,
    ffmpeg,
    open_input,
    pictures,
    reason,
    stop,
    to_standard_range,
)
from ostnet.media.image import read_image
from ostnet.media.limits import BeyondLimitError
from ostnet.media.probe import SQUARE_PIXELS, Clip, VideoInfo, check_sides, probe, properties
from ostnet.media.sandbox import Cancel, broken_limit, read_in_time, start_decoder, until
from ostnet.media.writer import VideoWriter

__all__ = ["Clip", "VideoInfo", "VideoWriter", "probe", "read_frames", "read_image"]


def read_frames(
    path: str | os.PathLike | Clip,
    max_frames: int | None = None,
    role: str | None = None,
    cancel: Cancel | None = None,
) -> Iterator[np.ndarray]:
    """Yield the frames of a video as uint8 RGB (H, W, 3), rotated upright, with square pixels.

    Each frame comes exactly once and in order. Where the rate varies, frames are repeated or
    dropped to keep their times at the constant rate that `probe` finds. Grey and 10-bit video
    becomes 8-bit RGB, high dynamic range becomes standard range, an alpha channel is dropped. A
    damaged file yields what can be decoded.

    Args:
        path: the file, or frames that are not in one.
        max_frames: number of frames to stop after; None: all.
        role: name of the input in error messages; default: the file's name.
        cancel: called at every frame; the reading ends once it returns True.

    Raises:
        InputError: no frame can be read, the file exceeds a limit, or the reading was cancelled;
            raised while iterating.
    """
    if isinstance(path, Clip):
        yield from until(cancel, islice(path.read(), max_frames))
        return
    file, name = existing_file(path, role)
    try:
        yield from _frames(file, name, max_frames, cancel)
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error


def _frames(
    file: Path, name: str, max_frames: int | None, cancel: Cancel | None
) -> Iterator[np.ndarray]:
    """Yield the frames of an existing file. Also raises BeyondLimitError."""
    if max_frames is not None and max_frames < 1:
        raise InputError(f"{name}: cannot read {max_frames} frames; ask for at least 1")
    filters, count = _filters(properties(file, cancel), max_frames)
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
            for frame in read_in_time(process, pictures(process.stdout), cancel=cancel):
                check_sides(frame.shape[:2], name)
                count += 1
                yield frame
        finally:
            stop(process)
        log.seek(0)
        output = log.read()
        if limit := broken_limit(process, output):
            raise BeyondLimitError(limit)
        if count == 0:
            raise InputError(f"{name}: no frame can be read from '{file.name}' ({reason(output)}); "
                             "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip


def _filters(info: VideoInfo | None, most: int | None) -> tuple[list[str], int | None]:
    """Return the filters that give frames as displayed, and the number of frames to stop after."""
    if info is None:
        return [SQUARE_PIXELS], most
    filters = [*to_standard_range(info.transfer), SQUARE_PIXELS]
    if info.varies:
        filters += ["setpts=PTS-STARTPTS", f"fps={info.fps}", "tpad=stop=-1:stop_mode=clone"]
        most = info.frames if most is None else min(most, info.frames)
    return filters, most
