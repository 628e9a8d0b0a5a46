"""Measure how fast a batch of short jobs is, and what a kill costs.

    python tests/tools/measure_batch.py [JOBS]

Every job is 8 frames of an example clip on an example portrait at 256 x 256, each with another
zoom, by the embedded weights. Prints jobs a minute (start of the command to its end) with one and
two workers, with Ray on this machine where it is installed, and how many jobs a batch that is
killed at half of them does twice.
"""

import csv
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FRAMES = 8


def write(table: Path, jobs: int) -> None:
    """A table of that many different jobs."""
    with table.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["name", "source", "driving", "max-frames", "size", "driving-zoom"])
        for number in range(jobs):
            zoom = 0.8 + 0.4 * number / jobs
            rows.writerow([
                f"job{number:04d}", EXAMPLES / "portraits" / "eileen_collins.jpg",
                EXAMPLES / "driving" / "mid_1.0_audio.mp4", FRAMES, 256, f"{zoom:.4f}",
            ])  # fmt: skip


def start(table: Path, output: Path, *flags: str) -> subprocess.Popen:
    words = ["batch", table, "--output", output, *flags]
    return subprocess.Popen(
        [sys.executable, "-m", "ostnet", *map(str, words)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen) -> str:
    """What the command says of itself."""
    said, _ = process.communicate()
    assert process.returncode == 0, process.returncode
    return said.splitlines()[0]


def done(output: Path) -> dict[str, float]:
    """When each video that is there was last written."""
    return {path.name: path.stat().st_mtime for path in output.glob("*.mp4")}


def measure(jobs: int) -> None:
    with TemporaryDirectory() as folder:
        table = Path(folder) / "jobs.csv"
        write(table, jobs)
        ways = {"1 worker": ["--workers", "1"], "2 workers": ["--workers", "2"]}
        if importlib.util.find_spec("ray"):
            ways["Ray, 2 workers"] = ["--workers", "2", "--ray"]
        made = {}
        for name, flags in ways.items():
            output, started = Path(folder) / name, time.monotonic()
            said = finish(start(table, output, *flags))
            minutes = (time.monotonic() - started) / 60
            made[name] = {path.name: path.read_bytes() for path in output.glob("*.mp4")}
            print(f"{name}: {jobs / minutes:.0f} jobs a minute ({said})", flush=True)
        print(f"the same bytes: {all(one == made['1 worker'] for one in made.values())}")

        output = Path(folder) / "killed"
        process = start(table, output, "--workers", "2")
        while len(done(output)) < jobs / 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(2)  # the workers see that their parent is gone
        before = done(output)
        said = finish(start(table, output, "--workers", "2"))
        after = done(output)
        twice = sum(after[name] != written for name, written in before.items())
        print(f"killed with {len(before)} done: {said}; done twice: {twice}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
