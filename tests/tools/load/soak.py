"""Send jobs to the page: `soak.py OUT [--visitors N] [--minutes N] [--row]`.

Many visitors at once, or with `--row` one visitor who sends one short job after the other.
"""

import argparse
import time
from pathlib import Path

from running_page import running_page
from visits import Ledger, Visitor, in_threads
from watch import Watch

KINDS = {"animate": 0.6, "compare": 0.2, "broken": 0.1, "leave": 0.1}
"""Kinds of jobs and visits, and how often each comes."""

QUIET = 45
"""Seconds without visitors, before and after."""

JOBS_OF_A_VISIT = 50
"""With --row: jobs before the page is closed and another visitor comes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--row", action="store_true", help="one job after the other")
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded weights")
    words = parser.parse_args()
    words.output.mkdir(parents=True, exist_ok=True)
    with running_page(words.output, words.checkpoint) as page:
        ledger = Ledger(words.output / "jobs.csv")
        warm, *visitors = (
            Visitor(number, page.url, words.output / "visitors", ledger)
            for number in range(1 if words.row else words.visitors + 1)
        )
        for kind in ("animate", "compare"):
            warm.visit(kind)
        warm.leave()
        with Watch(page, words.output / "machine.csv"):
            time.sleep(QUIET)
            end = time.monotonic() + 60 * words.minutes
            if words.row:
                in_a_row(warm, end)
            else:
                in_threads(visitors, lambda visitor: at_random(visitor, end))
            time.sleep(QUIET)


def at_random(visitor: Visitor, end: float) -> None:
    """Send jobs of all kinds with pauses between them."""
    time.sleep(visitor.rng.uniform(0, 20))
    while time.monotonic() < end:
        job = visitor.visit(visitor.rng.choice(list(KINDS), p=list(KINDS.values())))
        turned_away = job.result == "full" or job.result.startswith("error")
        time.sleep(visitor.rng.uniform(5, 15) if turned_away else visitor.rng.exponential(5))
    visitor.leave()


def in_a_row(visitor: Visitor, end: float) -> None:
    """Send short jobs without a pause."""
    while time.monotonic() < end:
        for _ in range(JOBS_OF_A_VISIT):
            visitor.visit("animate")
        visitor.leave()


if __name__ == "__main__":
    main()
