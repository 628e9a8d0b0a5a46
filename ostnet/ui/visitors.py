"""Each visitor's files, previews and stop flag, which are deleted when the visitor leaves.

A visitor is a browser tab, identified by Gradio's session hash.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from ostnet.ui.cleanup import LONGEST_VISIT, VISITOR, Cleanup, need_room

T = TypeVar("T")

MOST_RUNS = 24
"""Runs of one visitor whose results are kept; one click makes twelve at most."""

CLOSED_SECONDS = 30
"""Seconds for which jobs still in the queue are refused after their visitor has left."""

CLOSING_SECONDS = 8
"""Most seconds to wait for runs when the page ends; they end at their next frame."""

GRACE_SECONDS = 60.0
"""Seconds for which inputs are kept after a visitor has left: a reload counts as leaving, too."""


def cache_folder() -> Path:
    """Return where Gradio keeps uploads, and serves files from without copying them."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")


@dataclass
class Visitor:
    """The files, previews and flags of one tab."""

    folder: Path
    """For results; its name cannot be guessed."""
    token: str = field(default_factory=secrets.token_urlsafe)
    """Proves to the same browser's next visit that this visit was its own."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set to end the current run."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the visitor has left."""
    forgotten: threading.Event = field(default_factory=threading.Event)
    """Set when the visitor has not come back in time."""
    uploads: dict[Path, int] = field(default_factory=dict)
    """This visitor's uploads and their inodes; sending the same file again gives another inode."""
    runs: list = field(default_factory=list)
    """The finished runs of the last click."""
    made: dict[Path, float] = field(default_factory=dict)
    """Folders of the runs that are kept, oldest first, with the monotonic time of each."""
    seen: float = field(default_factory=time.monotonic)
    """Monotonic time of the visitor's last request."""
    _looks: dict[Hashable, Any] = field(default_factory=dict)
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _working: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def once(self, key: Hashable, make: Callable[[], T], keep: int = 6) -> T:
        """Return ``make()``, cached by ``key``; the ``keep`` results used last are kept."""
        with self._looking:  # a second request for the same key waits
            look = self.known(key)
            if look is None:
                look = self._looks[key] = make()
            while len(self._looks) > keep:
                del self._looks[next(iter(self._looks))]
            return look

    def known(self, key: Hashable) -> Any:
        """Return what :meth:`once` has cached, without waiting; None where there is nothing."""
        value = self._looks.pop(key, None)
        if value is not None:
            self._looks[key] = value  # now the most recently used
        return value

    @property
    def at_work_now(self) -> bool:
        """Return whether a run uses this visitor's files."""
        return self._working > 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep this visitor's files while they are used, also if the visitor leaves meanwhile."""
        with self._counting:
            self._working += 1
        try:
            yield
        finally:
            with self._counting:
                self._working -= 1
            if self.gone.is_set():
                self.clear()

    def clear(self) -> None:
        """Delete the results; where the visitor has not come back in time, everything.

        Nothing is deleted while a run still writes there.
        """
        with self._counting:
            if self._working:
                return
            if self.forgotten.is_set():
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                self.forget_runs()

    def run_folder(self) -> Path:
        """Return a new empty folder for one run; only the newest `MOST_RUNS` are kept.

        Raises:
            InputError: the page's disk is full.
        """
        self._delete(list(self.made)[: max(0, len(self.made) + 1 - MOST_RUNS)])
        need_room(self.folder.parent)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        self.made[folder] = time.monotonic()
        return folder

    def input_folder(self) -> Path:
        """Return a new empty folder for an input that is made here; new runs do not delete it.

        Raises:
            InputError: the page's disk is full.
        """
        need_room(self.folder.parent)
        return Path(tempfile.mkdtemp(prefix="input-", dir=self.folder))

    def forget_runs(self) -> None:
        """Delete the results of all runs so far."""
        self.runs = []
        self._delete(list(self.made))

    def forget_old_runs(self) -> None:
        """Delete the results of runs that began hours ago."""
        oldest = time.monotonic() - LONGEST_VISIT
        self._delete([folder for folder, begun in list(self.made.items()) if begun < oldest])

    def _delete(self, folders: list[Path]) -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            self.made.pop(folder, None)


class Visitors:
    """All visitors of the page.

    Args:
        root: folder of their folders; Gradio's cache by default, so that nothing is copied.
        grace: seconds for which inputs are kept after a visitor has left.
    """

    def __init__(self, root: Path | None = None, grace: float = GRACE_SECONDS):
        self.root = (root or cache_folder()).resolve()
        self.grace = grace
        self._present: dict[str, Visitor] = {}
        self._left: list[Visitor] = []
        self._closed: dict[str, float] = {}
        self._cleanup = Cleanup(self.root)
        self._lock = threading.Lock()

    def get(self, session: str | None, *uploads: str | None) -> Visitor:
        """Return the visitor of a session, who then owns ``uploads``; the first call makes one.

        Raises:
            gradio.Error: the visitor has just left.
        """
        with self._lock:
            self._sweep()
            key = session or secrets.token_hex(8)  # a caller without a session
            if key in self._closed:
                raise gr.Error(
                    "The server closed this page's session. Reload the page.", print_exception=False
                )
            if key not in self._present:
                self.root.mkdir(parents=True, exist_ok=True)
                secret = f"{VISITOR}{secrets.token_urlsafe(16)}-"
                folder = Path(tempfile.mkdtemp(prefix=secret, dir=self.root))
                self._present[key] = Visitor(folder)
            visitor = self._present[key]
            visitor.seen = time.monotonic()
            for path in (Path(path).resolve() for path in uploads if path):
                visitor.uploads[path] = _inode(path)
            return visitor

    def own(self, session: str, uploads: list[str]) -> None:
        """Give a visitor what was uploaded; delete it at once if the visitor has just left."""
        try:
            self.get(session, *uploads)
        except gr.Error:
            with self._lock:
                self._unlink({(path := Path(one).resolve()): _inode(path) for one in uploads})

    def need_room(self, coming: int) -> None:
        """Check that there is room for so many bytes once everything old is deleted.

        Raises:
            InputError: the page's disk is full.
        """
        with self._lock:
            self._sweep()
        need_room(self.root, coming)

    def inherited(self, session: str | None, token: str, path: str | None) -> str | None:
        """Return an input of the visit that had this token, for the same browser's next visit.

        None where there was no such visit, or where the file was not its own or is deleted.
        """
        visitor = self.get(session)
        with self._lock:
            visits = [*self._present.values(), *self._left]
            earlier = next((one for one in visits if one.token == token), None)
            file = Path(path).resolve() if path else None
            if earlier is None or file not in earlier.uploads or not file.is_file():
                return None
            if file.is_relative_to(earlier.folder):  # made here, deleted with that folder
                file = Path(shutil.copy(file, visitor.input_folder()))
            visitor.uploads[file] = _inode(file)
            return str(file)

    def leave(self, session: str | None) -> None:
        """Stop the visitor's run and delete its results; inputs follow after the grace period."""
        with self._lock:
            if session is not None:
                self._closed[session] = time.monotonic()  # a job may be about to start
            visitor = self._present.pop(session or "", None)
            if visitor is None:
                return
            self._left.append(visitor)
            visitor.stop.set()
            visitor.gone.set()
            visitor.clear()
        later = threading.Timer(self.grace, self._forget, [visitor])
        later.daemon = True
        later.start()

    def close(self) -> None:
        """Stop all runs, wait for their end, and delete all visitors' files."""
        for session in list(self._present):
            self.leave(session)
        end = time.monotonic() + CLOSING_SECONDS
        while any(visitor.at_work_now for visitor in self._left) and time.monotonic() < end:
            time.sleep(0.05)
        for visitor in list(self._left):
            self._forget(visitor)

    def _forget(self, visitor: Visitor) -> None:
        """Delete a visitor's inputs, except uploads that other visitors have sent too."""
        with self._lock:
            self._left.remove(visitor)
            visitor.forgotten.set()
            visitor.clear()
            self._unlink(visitor.uploads)

    def _unlink(self, uploads: dict[Path, int]) -> None:
        """Delete uploads, given with their inodes, that no other visitor has sent too."""
        here = [*self._present.values(), *self._left]
        others = set().union(*(other.uploads for other in here))
        for upload, inode in uploads.items():
            mine = upload not in others and _inode(upload) == inode
            if mine and upload.is_relative_to(self.root):
                upload.unlink(missing_ok=True)
                if upload.parent != self.root:
                    with suppress(OSError):  # Gradio makes a folder for each upload
                        upload.parent.rmdir()

    def _sweep(self) -> None:
        """Delete visitors idle for hours, old runs, and what earlier processes have left."""
        now = time.monotonic()
        self._closed = {key: at for key, at in self._closed.items() if now - at < CLOSED_SECONDS}
        for key in [key for key, one in self._present.items() if now - one.seen > LONGEST_VISIT]:
            shutil.rmtree(self._present.pop(key).folder, ignore_errors=True)
        here = [*self._present.values(), *self._left]
        for visitor in here:
            visitor.forget_old_runs()
        self._cleanup.sweep({visitor.folder for visitor in here})


def _inode(path: Path) -> int:
    """Return the file's inode; 0 where there is no file."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


VISITORS = Visitors()
