"""Visitors of the page: what they send, and whether the answer is the right one."""

import csv
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from pathlib import Path

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image
from procedural_face import FaceParams, render

from ostnet.media.video import VideoWriter, probe, read_frames

PATIENCE = 300
"""Seconds that a client waits for each message of the page."""


@dataclass
class Job:
    """The outcome of one job."""

    visitor: int
    kind: str
    sent: float
    """Seconds since the start."""
    seconds: float = 0.0
    """Until the answer was there."""
    begun: float = 0.0
    """Seconds since the start at which it left the queue; 0: it never did."""
    place: int = 0
    """In the queue when it came, as the page said; 0: it was taken at once."""
    result: str = ""
    """right, refused, full, left, or what was wrong."""


@dataclass
class Ledger:
    """All jobs, from all threads, a line of a table each."""

    path: Path
    started: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self):
        self.path.write_text(",".join(each.name for each in fields(Job)) + "\n")

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def add(self, job: Job) -> None:
        """Write a finished job down."""
        with self._lock, self.path.open("a") as table:
            csv.writer(table).writerow(
                round(one, 3) if isinstance(one, float) else one for one in asdict(job).values()
            )


class Visitor:
    """One of many, with a portrait and a clip of its own."""

    def __init__(self, number: int, url: str, folder: Path, ledger: Ledger):
        self.number, self.url, self.ledger = number, url, ledger
        self.rng = np.random.default_rng(number)
        self.folder = folder / f"visitor{number}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hue = np.array([90 + 30 * (number % 4), 90 + 30 * (number // 4 % 4),
                             90 + 30 * (number // 16)], np.uint8)  # fmt: skip
        self.frames, self.fps = 2 + number % 5, Fraction(10 + number)
        self.portrait, self.clip = self._portrait(), self._clip()
        self.broken = self.folder / "broken.mp4"
        self.broken.write_bytes(self.clip.read_bytes()[:200])
        self.first: dict[str, np.ndarray] = {}
        """Kind of job -> the frames of its first answer, which all others must repeat."""
        self.client: Client | None = None

    def _portrait(self) -> Path:
        image = render(FaceParams(), size=256)[0]
        image[:, :40] = image[:, -40:] = (
            self.hue
        )  # seen again at the edges of the grid's first pane
        path = self.folder / "portrait.png"
        Image.fromarray(image).save(path)
        return path

    def _clip(self) -> Path:
        path = self.folder / "clip.mp4"
        with VideoWriter(path, self.fps) as writer:
            for t in np.linspace(0, 1, self.frames):
                writer.write(render(FaceParams(mouth_open=float(t)), size=128)[0])
        return path

    def visit(self, kind: str) -> Job:
        """Send one job and wait for its answer."""
        job = Job(self.number, kind, self.ledger.now())
        try:
            job.result = self._answered(job)
        except Exception as error:  # any error of the client
            job.result = _in_words(error, kind)
        job.seconds = self.ledger.now() - job.sent
        self.ledger.add(job)
        return job

    def leave(self) -> None:
        """Close the page."""
        if self.client is not None:
            self.client.close()
            self.client = None

    def _answered(self, job: Job) -> str:
        if self.client is None:
            self.client = Client(
                self.url, verbose=False, download_files=str(self.folder / "got"),
                httpx_kwargs={"timeout": PATIENCE},
            )  # fmt: skip
        clip = self.broken if job.kind == "broken" else self.clip
        name = "/compare" if job.kind in ("compare", "leave") else "/animate"
        files = handle_file(str(self.portrait)), handle_file(str(clip))
        running = self.client.submit(*files, api_name=name)
        while not running.done():
            status = running.status()
            job.place = max(job.place, status.rank or 0)
            if status.code.name == "PROCESSING" and not job.begun:
                job.begun = self.ledger.now()
            if job.kind == "leave" and job.begun:
                self.leave()
                return "left"
            time.sleep(0.5)
        made = running.result()
        return self._checked(job.kind, Path(made if isinstance(made, str) else made[0]))

    def _checked(self, kind: str, video: Path) -> str:
        info, frames = probe(video), np.stack(list(read_frames(video)))
        video.unlink()
        if (len(frames), info.fps) != (self.frames, self.fps):
            return f"wrong: {len(frames)} frames at {info.fps}"
        if kind == "compare":
            edge = frames[0, 60:200, 4:20].reshape(-1, 3).mean(axis=0)
            if np.abs(edge - self.hue).max() > 14:
                return f"wrong: another's portrait, {edge.round()} for {self.hue}"
        if not np.array_equal(self.first.setdefault(kind, frames), frames):
            return "wrong: other frames than the first time"
        return "right"


def _in_words(error: Exception, kind: str) -> str:
    said = " ".join(str(error).split())
    if kind == "broken" and said.startswith(("driving: ", "driving clip: ")):
        return "refused"
    if "queue is full" in said.lower():
        return "full"
    return f"error: {type(error).__name__}: {said[:120]}"


def in_threads(visitors: list[Visitor], behaviour: Callable[[Visitor], None]) -> None:
    """Run the behaviour of each visitor in a thread of its own; return when all have ended."""
    threads = [threading.Thread(target=behaviour, args=[one]) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
