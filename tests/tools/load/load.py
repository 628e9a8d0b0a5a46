"""Send jobs of many visitors to a page: `load.py OUT [--visitors N...] [--minutes N] [--row]`.

Each visitor is a thread with its own client, portrait and clip, checks every answer, and tries to
read the files of others. OUT gets jobs.csv, machine.csv and load.png.
"""

import argparse
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import httpx
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import psutil
from gradio_client import Client, handle_file
from PIL import Image
from procedural_face import FaceParams, render
from running_page import RunningPage, running_page
from small_models import tiny_checkpoint

from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.ui.cleanup import used

KINDS = {"animate": 0.6, "compare": 0.2, "broken": 0.1, "leave": 0.1}
"""Kinds of jobs, and how often each comes; with --row only the first."""

QUIET = 75
"""Seconds without visitors before and after; uploads are kept for a minute."""

PATIENCE = {"timeout": 900}
"""Seconds that a client waits for each message of the page."""

JOBS_OF_A_VISIT = 50
"""Jobs before a visitor leaves and comes again as another one."""

ANSWERED = ("right", "refused")


@dataclass
class Job:
    """The outcome of one job; times in seconds."""

    visitors: int  # at that time
    visitor: int
    kind: str
    sent: float
    seconds: float = 0.0
    """Until the answer was there."""
    result: str = ""
    """right; refused: a broken clip, in words; full: the queue was; left; or what was wrong."""


@dataclass
class Resources:
    """What the page holds at a time."""

    seconds: float
    memory_mb: float
    children_mb: float
    children: int
    threads: int
    open_files: int
    folders: int
    """Number of folders of visitors and uploads, and of temporary files."""
    disk_mb: float


class Load:
    """A running page, and what happens to it."""

    def __init__(self, page: RunningPage, folder: Path):
        self.page, self.folder, self.began = page, folder, time.monotonic()
        self.jobs: list[Job] = []
        self.machine: list[Resources] = []
        self.results: dict[int, str] = {}
        """Visitor -> the address of its newest result."""
        self.over = threading.Event()

    def now(self) -> float:
        return time.monotonic() - self.began

    def watch(self) -> None:
        """Note the resources every three seconds until it is over."""
        process = psutil.Process(self.page.process.pid)
        while not self.over.wait(3):
            memory = [_memory(child) for child in process.children(recursive=True)]
            places = self.page.folder, self.folder / "tmp"
            self.machine.append(
                Resources(
                    self.now(), _memory(process), sum(memory), len(memory), process.num_threads(),
                    process.num_fds(), sum(len(list(place.iterdir())) for place in places),
                    sum(map(used, places)) / 1e6,
                )
            )  # fmt: skip
            self.tables()

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return jobs and resources, also written as jobs.csv and machine.csv."""
        jobs, machine = pd.DataFrame(self.jobs), pd.DataFrame(self.machine)
        jobs.round(3).to_csv(self.folder / "jobs.csv", index=False)
        machine.round(2).to_csv(self.folder / "machine.csv", index=False)
        return jobs, machine


def _memory(process: psutil.Process) -> float:
    """Return the resident megabytes; 0 where it has ended."""
    try:
        return process.memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return 0.0


class Visitor:
    """One of many, with a portrait and a clip whose number of frames and rate nobody else has."""

    def __init__(self, number: int, load: Load):
        self.number, self.load = number, load
        self.rng = np.random.default_rng(number)
        self.folder = load.folder / "visitors" / str(number)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.frames, self.fps = 2 + number % 7, Fraction(10 + number // 7)
        self.hue = np.uint8([90 + 30 * (number // 4**axis % 4) for axis in range(3)])
        image = render(FaceParams(), size=256)[0]
        image[:, :40] = image[:, -40:] = self.hue  # seen again at the edge of the comparison
        self.portrait, self.clip = self.folder / "portrait.png", self.folder / "clip.mp4"
        Image.fromarray(image).save(self.portrait)
        with VideoWriter(self.clip, self.fps) as writer:
            for t in np.linspace(0, 1, self.frames):
                writer.write(render(FaceParams(mouth_open=float(t)), size=128)[0])
        self.broken = self.folder / "broken.mp4"
        self.broken.write_bytes(self.clip.read_bytes()[:200])
        self.first: dict[str, np.ndarray] = {}
        """Kind -> the frames of its first answer, which all others must repeat."""
        self.client: Client | None = None

    def send(self, visitors: int, kind: str) -> Job:
        """Send one job and wait for its answer."""
        job = Job(visitors, self.number, kind, self.load.now())
        try:
            job.result = self._answered(job)
        except Exception as error:  # any error of the client
            job.result = _in_words(error, kind)
        job.seconds = job.seconds or self.load.now() - job.sent
        self.load.jobs.append(job)
        return job

    def visit(self, visitors: int, end: float, words: argparse.Namespace) -> None:
        """Send jobs until the end; with pauses and of all kinds, except in a row."""
        names, shares, row, done = list(KINDS), list(KINDS.values()), words.row, 0
        time.sleep(0 if row else self.rng.uniform(0, 20))
        while time.monotonic() < end and done < words.jobs:
            job = self.send(visitors, "animate" if row else self.rng.choice(names, p=shares))
            done += job.result != "full"
            failed = job.result not in (*ANSWERED, "left")
            pause = 10 if failed else 0 if row else 5
            time.sleep(self.rng.uniform(0, 2 * pause))
            if done and done % JOBS_OF_A_VISIT == 0:
                self.leave()
        self.leave()

    def leave(self) -> None:
        """Close the page; nobody can read the result any more."""
        client, self.client = self.client, None
        address = self.load.results.pop(self.number, None)
        if client is not None:
            client.close()
        for _ in range(60):
            if not address or httpx.get(address, **PATIENCE).status_code in (403, 404):
                return
            time.sleep(1)
        wrong = "wrong: the result can be read a minute after the visitor has left"
        self.load.jobs.append(Job(0, self.number, "leave", self.load.now(), result=wrong))

    def _answered(self, job: Job) -> str:
        if self.client is None:
            url, plain = self.load.page.url, {"verbose": False, "download_files": False}
            self.client = Client(url, httpx_kwargs=PATIENCE, **plain)
        clip = self.broken if job.kind == "broken" else self.clip
        files = handle_file(self.portrait), handle_file(clip)
        name = "/compare" if job.kind in ("compare", "leave") else "/animate"
        running = self.client.submit(*files, api_name=name)
        while not running.done():
            if job.kind == "leave" and running.status().code.name == "PROCESSING":
                self.leave()
                return "left"
            time.sleep(0.1)
        made = running.result()
        job.seconds = self.load.now() - job.sent
        answer = made[0] if isinstance(made, tuple | list) else made
        return self._pry() or self._checked(job.kind, answer["url"])

    def _checked(self, kind: str, address: str) -> str:
        self.load.results[self.number] = address
        video = self.folder / "result.mp4"
        video.write_bytes(httpx.get(address, **PATIENCE).raise_for_status().content)
        info, frames = probe(video), np.stack(list(read_frames(video)))
        if (len(frames), info.fps) != (self.frames, self.fps):
            return f"wrong: {len(frames)} frames at {info.fps}"
        edge = frames[0, 60:200, 4:20].reshape(-1, 3).mean(axis=0)
        if kind == "compare" and np.abs(edge - self.hue).max() > 14:
            return f"wrong: another's portrait, {edge.round()} for {self.hue}"
        if not np.array_equal(self.first.setdefault(kind, frames), frames):
            return "wrong: other frames than the first time"
        return "right"

    def _pry(self) -> str:
        """Try to list or read another visitor's folder without its secret name."""
        others = {number: one for number, one in self.load.results.items() if number != self.number}
        if not others:
            return ""
        address = others[self.rng.choice(list(others))]
        *folders, name = address.split("file=", 1)[1].split("/")
        guess = [one.split("-")[0] if "visitor-" in one else one for one in folders]
        for path in (folders, folders[:-1], [*guess, name]):
            route = f"{self.load.page.url}/gradio_api/file={'/'.join(path)}"
            if httpx.get(route, **PATIENCE).status_code < 400:
                return f"wrong: could read {route}"
        return ""


def _in_words(error: Exception, kind: str) -> str:
    said = " ".join(str(error).split())
    if kind == "broken" and said.startswith(("driving: ", "driving clip: ")):
        return "refused"
    if "queue is full" in said.lower():
        return "full"
    return f"error: {type(error).__name__}: {said[:120]}"


def report(jobs: pd.DataFrame, machine: pd.DataFrame) -> None:
    """Print what was answered, how fast, and what the page held."""
    print(jobs.result.value_counts().to_string(header=False))
    done = jobs[jobs.result.isin(ANSWERED)]
    latency = done.groupby(["visitors", "kind"]).seconds
    print(latency.quantile([0.5, 0.95]).unstack().assign(answers=latency.size()).round(1))
    late = machine[machine.seconds > machine.seconds.max() / 2]
    slope = np.polyfit(late.seconds / 60, late.memory_mb, 1)[0]
    growth = slope * np.ptp(late.seconds) / 60
    count = max(1, (done.sent > late.seconds.min()).sum())
    print(f"second half: {slope:+.2f} MB a minute, {growth / count:+.3f} MB a job")
    ends = {"first": machine.iloc[0], "most": machine.max(), "last": machine.iloc[-1]}
    print(pd.DataFrame(ends).round(0).to_string())


def draw(jobs: pd.DataFrame, machine: pd.DataFrame, path: Path) -> None:
    """Draw everything over time."""
    figure, panels = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
    over_time = machine.assign(minutes=machine.seconds / 60)
    names = ["memory_mb", "children_mb"], ["open_files", "threads", "children"], ["disk_mb"]
    for panel, shown in zip(panels.flat, names, strict=False):
        over_time.plot(x="minutes", y=shown, ax=panel, ylim=(0, None))
    for kind, mine in jobs[jobs.result.isin(ANSWERED)].groupby("kind"):
        panels[1, 1].plot(mine.sent / 60, mine.seconds, ".", label=kind, markersize=4)
    panels[1, 1].set(xlabel="minutes", ylabel="seconds to the answer", ylim=(0, None))
    panels[1, 1].legend()
    figure.savefig(path, dpi=75)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("output", type=Path)
    add("--visitors", type=int, nargs="+", default=[50], help="one run for each")
    add("--minutes", type=float, default=20, help="of each run")
    add("--jobs", type=int, default=10**9, help="of a visitor, at most")
    add("--row", action="store_true", help="short jobs without pauses")
    add("--tiny", action="store_true", help="a small untrained network")
    words = parser.parse_args()
    folder = words.output.resolve()
    (folder / "tmp").mkdir(parents=True)
    weights = tiny_checkpoint(folder / "weights") if words.tiny else None
    with running_page(folder, weights, TMPDIR=str(folder / "tmp"), OSTNET_WEB="off") as page:
        load = Load(page, folder)
        visitors = [Visitor(number, load) for number in range(max(words.visitors))]
        for kind in ("animate", "compare"):
            visitors[0].send(0, kind)  # loads and compiles everything
        visitors[0].leave()
        watch = threading.Thread(target=load.watch)
        watch.start()
        time.sleep(QUIET)
        for count in words.visitors:
            end = time.monotonic() + 60 * words.minutes
            with ThreadPoolExecutor(count) as pool:
                every = [pool.submit(one.visit, count, end, words) for one in visitors[:count]]
            [one.result() for one in every]
        time.sleep(QUIET)
        load.over.set()
        watch.join()
    report(*load.tables())
    draw(*load.tables(), folder / "load.png")


if __name__ == "__main__":
    main()
