"""A small copy of a data folder, for a slow line: `python tests/tools/small_copy.py DATA COPY`.

Keeps the first 200 frames of each clip (8 s at 25 a second), encoded again with x264 at rate factor
27 and a single key frame, their landmarks, and the stills as they are. The manifest of the copy
tells the frames that are left. A copy that was interrupted goes on where it stopped.
"""

import argparse
import csv
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np

from ostnet.dataset.manifest import NAME, write_table
from ostnet.media.ffmpeg import ffmpeg, open_input

FRAMES = 200
RATE_FACTOR = 27


def small_copy(
    data: Path, copy: Path, clips_every: int = 1, stills_every: int = 1, frames: int = FRAMES
) -> None:
    """Write the copy. Of each split every n-th clip and every n-th still is kept."""
    with (data / NAME).open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    every = {"clip": clips_every, "still": stills_every}
    known = np.load(data / "landmarks.npz") if (data / "landmarks.npz").is_file() else {}
    kept, points, seen = [], {}, Counter()
    for row in rows:
        number = seen[row["kind"], row["split"]]
        seen[row["kind"], row["split"]] += 1
        if number % every[row["kind"]]:
            continue
        file = row["file"]
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        if row["kind"] == "still":
            shutil.copyfile(data / file, copy / file)
        else:
            _encode(data / file, copy / file, frames)
            row["frames"] = min(int(row["frames"]), frames)
        if file in known:
            points[file] = known[file][:frames]
        kept.append(row)
    write_table(copy / NAME, list(rows[0]), kept)
    if points:
        np.savez_compressed(copy / "landmarks.npz", **points)


def _encode(clip: Path, copy: Path, frames: int) -> None:
    if copy.is_file():
        return
    partial = copy.with_name(f"partial-{copy.name}")
    encoder = ["-c:v", "libx264", "-crf", str(RATE_FACTOR), "-g", str(frames), "-an"]
    limit = ["-frames:v", str(frames), "-fps_mode", "passthrough"]
    command = ffmpeg("-y", "-loglevel", "error", *open_input(clip), *limit, *encoder, str(partial))
    subprocess.run(command, check=True)
    partial.replace(copy)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--clips-every", type=int, default=1, metavar="N")
    parser.add_argument("--stills-every", type=int, default=1, metavar="N")
    parser.add_argument("--frames", type=int, default=FRAMES, metavar="N")
    small_copy(**vars(parser.parse_args()))
