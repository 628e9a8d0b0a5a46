"""How far a batch is: one line on standard error."""

import sys
import time

EVERY = 30
"""Seconds between lines where standard error is no terminal."""


class Progress:
    """A line that a terminal shows over and over, and a log from time to time.

    Args:
        total: jobs.
        ended: those that are done or have failed before any work.
        failed: those of them that have failed.
    """

    def __init__(self, total: int, ended: int, failed: int):
        self.total, self.done, self.failed = total, ended, failed
        self._begun = ended
        self._started = self._told = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._show()

    def count(self, failed: bool) -> None:
        """One job more has come to its end."""
        self.done += 1
        self.failed += failed
        if self._terminal or time.monotonic() - self._told > EVERY:
            self._show()

    def close(self) -> None:
        """Take the line away."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _show(self) -> None:
        self._told = time.monotonic()
        if self._terminal:
            print(f"\r\033[K{self._text()}", end="", file=sys.stderr, flush=True)
        elif self.done > self._begun:
            print(f"ostnet: {self._text()}", file=sys.stderr, flush=True)

    def _text(self) -> str:
        text = f"{self.done}/{self.total} jobs"
        if self.failed:
            text += f", {self.failed} failed"
        made, seconds = self.done - self._begun, time.monotonic() - self._started
        if made:
            left = seconds / made * (self.total - self.done)
            text += f", {60 * made / seconds:.1f} a minute, {left / 60:.0f} min left"
        return text
