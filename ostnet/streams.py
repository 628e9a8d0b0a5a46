"""Standard streams that may be closed, or whose reader may leave.

A service has none, and ``| head`` reads a few lines: neither is a reason not to do the work.
"""

import io
import os
import sys
from collections.abc import Callable
from typing import TextIO, TypeVar

T = TypeVar("T")

OUTPUT = 1
"""File descriptor of standard output."""


class _Output(io.TextIOWrapper):
    """Standard output or error; what nobody can read is discarded.

    A text stream, not a raw one: a signal must not come between a buffer and its writing.
    """

    def write(self, text: str) -> int:
        """Write a text."""
        return self._attempt(lambda: super(_Output, self).write(text))

    def flush(self) -> None:
        """Write what is in the buffer."""
        self._attempt(super().flush)

    def _attempt(self, action: Callable[[], T]) -> T:
        """Try to write, after the first error to nowhere.

        Raises:
            OSError: standard output cannot be written although someone reads it: a full disk.
        """
        try:
            return action()
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if self.fileno() == OUTPUT and not isinstance(error, BrokenPipeError):
                raise OSError(error.errno, error.strerror, "standard output") from error
            return action()


def open_streams() -> None:
    """Open closed standard streams to nowhere, and let the others lose their reader.

    Characters that an encoding lacks are written with a backslash.
    """
    for number in range(3):  # a file that is opened later must not get such a number
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            if nowhere != number:
                os.close(nowhere)
            os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(1, sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(2, sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _text(number: int, before: TextIO | None) -> _Output:
    """Return a stream of text in the encoding that the stream had before."""
    if before is not None:
        before.flush()
    encoding = before.encoding if before else "utf-8"
    by_line = number != OUTPUT or os.isatty(number)
    return _Output(
        io.BufferedWriter(io.FileIO(number, "w", closefd=False)),
        *(encoding, "backslashreplace"),
        line_buffering=by_line,
    )
