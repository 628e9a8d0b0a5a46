"""What belongs to one visitor and goes when the visitor goes: files, looks at inputs, a stop flag.

A visitor is a browser tab, known by gradio's session hash.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import gradio as gr

from ostnet.media.sandbox import until
from ostnet.ui.cleanup import LONGEST_VISIT, VISITOR, Cleanup, need_room

T = TypeVar("T")

MOST_RUNS = 24
"""Runs of one visitor whose results are kept; the page itself makes twelve at most in one go."""

AFTERWARDS = 30
"""Seconds in which nothing is begun for a visitor who has left: what still waits in the queue."""

COMES_BACK = 60.0
"""Seconds for which inputs stay after a visitor has left: a reload is a goodbye, too."""


def cache_folder() -> Path:
    """Where gradio keeps uploads, and serves files from without copying them."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")


@dataclass
class Visitor:
    """One tab's belongings."""

    folder: Path
    """For results; its name cannot be guessed."""

    token: str = field(default_factory=secrets.token_urlsafe)
    """By which the same browser's next visit proves that this one was its own."""

    stop: threading.Event = field(default_factory=threading.Event)
    """Set while the visitor wants the present run to end."""

    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the visitor has left."""

    forgotten: threading.Event = field(default_factory=threading.Event)
    """Set when the visitor has stayed away."""

    uploads: dict[Path, int] = field(default_factory=dict)
    """Files this visitor has sent, and their inodes: one who sends the same anew gets another."""

    runs: list = field(default_factory=list)
    """What the page's last runs left for buttons that come after them."""

    made: dict[Path, float] = field(default_factory=dict)
    """The folders of the runs that are kept, oldest first, and when each was made, by the clock of
    ``seen``."""

    seen: float = field(default_factory=time.monotonic)
    """When the visitor last did something, by a clock that nobody sets."""

    _looks: dict[Hashable, object] = field(default_factory=dict)
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _working: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def once(self, key: Hashable, make: Callable[[], T], keep: int = 6) -> T:
        """``make()``, remembered; only the ``keep`` results used last stay."""
        with self._looking:  # whoever asks for the same thing meanwhile waits for it
            look = self.known(key)
            if look is None:
                with until(self.gone.is_set):
                    look = self._looks[key] = make()
            while len(self._looks) > keep:
                del self._looks[next(iter(self._looks))]
            return look

    def known(self, key: Hashable) -> object | None:
        """What :meth:`once` has remembered, without waiting for it; None where nothing is."""
        value = self._looks.pop(key, None)
        if value is not None:
            self._looks[key] = value  # now the newest
        return value

    def at_work(self, steps: Iterable[T]) -> Iterator[T]:
        """The same steps; when the visitor has left, what they leave behind goes at their end."""
        with self._counting:
            self._working += 1
        try:
            yield from steps
        finally:
            with self._counting:
                self._working -= 1
            if self.gone.is_set():
                self.clear()

    def clear(self) -> None:
        """Delete the results of a visitor who has left, and all of one who stayed away.

        Nothing goes while something still writes there.
        """
        with self._counting:
            if self._working:
                return
            if self.forgotten.is_set():
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                self.forget_runs()

    def run_folder(self) -> Path:
        """A new empty folder for one run; only the newest runs of a visitor stay.

        Raises:
            InputError: the page's disk is full.
        """
        self._delete(list(self.made)[: max(0, len(self.made) + 1 - MOST_RUNS)])
        need_room(self.folder.parent)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        self.made[folder] = time.monotonic()
        return folder

    def input_folder(self) -> Path:
        """A new empty folder for an input that is made here; it outlives the runs.

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
    """All present visitors.

    Args:
        root: under which their folders lie; gradio's cache, so that no second copy is made.
        patience: seconds for which inputs stay after a visitor has left.
    """

    def __init__(self, root: Path | None = None, patience: float = COMES_BACK):
        self.root = (root or cache_folder()).resolve()
        self.patience = patience
        self._present: dict[str, Visitor] = {}
        self._left: list[Visitor] = []
        self._closed: dict[str, float] = {}
        self._cleanup = Cleanup(self.root)
        self._lock = threading.Lock()

    def get(self, session: str | None, *uploads: str | None) -> Visitor:
        """The visitor of a session, made at the first call; ``uploads`` become this visitor's.

        Raises:
            gradio.Error: one who has only just left.
        """
        with self._lock:
            self._sweep()
            key = session or secrets.token_hex(8)  # a caller that says nothing about itself
            if key in self._closed:
                raise gr.Error("This page was closed. Load it again.", print_exception=False)
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

    def need_room(self, coming: int) -> None:
        """Refuse so many bytes where they do not fit once everything old has gone.

        Raises:
            InputError: the page's disk is full.
        """
        with self._lock:
            self._sweep()
        need_room(self.root, coming)

    def inherited(self, session: str | None, token: str, path: str | None) -> str | None:
        """An input of the visit that had this token, for the next visit of the same browser.

        None where there was no such visit, where the file was not its own, or is gone.
        """
        visitor = self.get(session)
        with self._lock:
            visits = [*self._present.values(), *self._left]
            earlier = next((one for one in visits if one.token == token), None)
            file = Path(path).resolve() if path else None
            if earlier is None or file not in earlier.uploads or not file.is_file():
                return None
            if file.is_relative_to(earlier.folder):  # made here, and goes with that folder
                file = Path(shutil.copy(file, visitor.input_folder()))
            visitor.uploads[file] = _inode(file)
            return str(file)

    def leave(self, session: str | None) -> None:
        """Stop the visitor's run and delete results; inputs go if the visitor stays away."""
        with self._lock:
            if session is not None:
                self._closed[session] = time.monotonic()  # a job of theirs may just be starting
            visitor = self._present.pop(session, None)
            if visitor is None:
                return
            self._left.append(visitor)
            visitor.stop.set()
            visitor.gone.set()
            visitor.clear()
        later = threading.Timer(self.patience, self._forget, [visitor])
        later.daemon = True
        later.start()

    def _forget(self, visitor: Visitor) -> None:
        """Delete a visitor's inputs, but for uploads that somebody else has sent too."""
        with self._lock:
            self._left.remove(visitor)
            visitor.forgotten.set()
            visitor.clear()
            here = [*self._present.values(), *self._left]
            others = set().union(*(other.uploads for other in here))
            for upload, inode in visitor.uploads.items():
                mine = upload not in others and _inode(upload) == inode
                if mine and upload.is_relative_to(self.root):
                    upload.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Forget whoever has done nothing for hours, and the old runs of those who never leave.

        Folders of an earlier process go as well.
        """
        now = time.monotonic()
        self._closed = {key: at for key, at in self._closed.items() if now - at < AFTERWARDS}
        for key in [key for key, one in self._present.items() if now - one.seen > LONGEST_VISIT]:
            shutil.rmtree(self._present.pop(key).folder, ignore_errors=True)
        here = [*self._present.values(), *self._left]
        for visitor in here:
            visitor.forget_old_runs()
        self._cleanup.sweep({visitor.folder for visitor in here})


def _inode(path: Path) -> int:
    """What tells a file from another at its place; 0: there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


VISITORS = Visitors()
