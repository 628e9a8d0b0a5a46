"""Many visitors at once, for minutes: `soak.py OUT [--visitors N] [--minutes N]`."""

import argparse
import time
from pathlib import Path

from running_page import running_page
from visits import Ledger, Visitor, in_threads
from watch import Watch

KINDS = {"animate": 0.6, "compare": 0.2, "broken": 0.1, "leave": 0.1}
"""What a visitor does next, and how often."""

QUIET = 45
"""Seconds in which nobody comes, before and after."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded weights")
    words = parser.parse_args()
    words.output.mkdir(parents=True, exist_ok=True)
    with running_page(words.output, words.checkpoint) as page:
        ledger = Ledger(words.output / "jobs.csv")
        make = (Visitor(n, page.url, words.output / "visitors", ledger)
                for n in range(words.visitors))  # fmt: skip
        visitors = list(make)
        warm = Visitor(words.visitors, page.url, words.output / "visitors", ledger)
        for kind in ("animate", "compare"):
            warm.visit(kind)
        warm.leave()
        with Watch(page, words.output / "machine.csv"):
            time.sleep(QUIET)
            end = time.monotonic() + 60 * words.minutes

            def behave(visitor: Visitor) -> None:
                time.sleep(visitor.rng.uniform(0, 20))
                while time.monotonic() < end:
                    job = visitor.visit(visitor.rng.choice(list(KINDS), p=list(KINDS.values())))
                    turned_away = job.result == "full" or job.result.startswith("error")
                    time.sleep(visitor.rng.uniform(5, 15) if turned_away else
                               visitor.rng.exponential(5))  # fmt: skip
                visitor.leave()

            in_threads(visitors, behave)
            time.sleep(QUIET)


if __name__ == "__main__":
    main()
