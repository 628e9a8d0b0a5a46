"""One short job after the other: `row.py OUT [--jobs N] [--minutes N]`."""

import argparse
import time
from pathlib import Path

from running_page import running_page
from visits import Ledger, Visitor
from watch import Watch

AT_ONCE = 50
"""Jobs of one visit; then the page is closed and another visitor comes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=600, help="stop after so many")
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded weights")
    words = parser.parse_args()
    words.output.mkdir(parents=True, exist_ok=True)
    with running_page(words.output, words.checkpoint) as page:
        ledger = Ledger(words.output / "jobs.csv")
        end = time.monotonic() + 60 * words.minutes
        with Watch(page, words.output / "machine.csv"):
            visitor = Visitor(0, page.url, words.output / "visitors", ledger)
            for number in range(words.jobs):
                if time.monotonic() > end:
                    break
                if number % AT_ONCE == 0:
                    visitor.leave()
                visitor.visit("animate")
            visitor.leave()
            time.sleep(30)


if __name__ == "__main__":
    main()
