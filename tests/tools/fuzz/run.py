"""Coverage-guided fuzzing of one parser: `run.py NAME [--seconds N]`, or of all in turn.

Needs the extra `fuzz` (Python 3.11 to 3.13). What it keeps of its corpus is what reaches
code that the rest does not; a finding lies in the folder that it is run in, as `crash-...`.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 3000
"""Bytes of an input."""


def main() -> None:
    with atheris.instrument_imports(include=["ostnet", "PIL", "csv", "json"]):
        from tools.fuzz.parsers import PARSERS, parse

    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("name", choices=[*PARSERS, "all"])
    command.add_argument("--seconds", type=int, default=60)
    command.add_argument("--merge", action="store_true", help=argparse.SUPPRESS)
    asked = command.parse_args()
    if asked.name == "all":
        for name in PARSERS:
            words = [sys.executable, __file__, name, "--seconds", str(asked.seconds)]
            subprocess.run(words, check=False)
        return
    folder = Path(tempfile.mkdtemp())
    seeds = CORPUS / asked.name
    seeds.mkdir(parents=True, exist_ok=True)
    settings = [f"-max_total_time={asked.seconds}", f"-max_len={LONGEST}", "-timeout=20"]
    settings += ["-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *settings, str(seeds)],
                  lambda content: parse(asked.name, bytes(content), folder))  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
