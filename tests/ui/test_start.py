"""Importing the page loads no weights; starting it loads nothing that only some visits need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
import app
late = ["moviepy", "matplotlib", "face_alignment", "dlib", "ostnet.training", "ostnet.evaluation"]
print([name for name in late if name in sys.modules])
"""


IMPORTS = """
import importlib, pkgutil
import ostnet.ui
from ostnet.ui import engine
for module in pkgutil.iter_modules(ostnet.ui.__path__, "ostnet.ui."):
    importlib.import_module(module.name)
print(engine.load.cache_info().misses)
"""


def test_weights_that_cannot_be_used_are_replaced_and_the_page_says_so(tmp_path):
    program = "from ostnet.ui.page import build; print(build().get_config_file())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"OSTNET_WEIGHTS": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",  # and not what a library has set for a moment in another thread
        check=True,
    )
    assert "Weights: ostnet-lite" in done.stdout
    assert "cannot be used" in done.stdout and str(tmp_path) in done.stdout


@pytest.mark.parametrize(("program", "said"), [(PROGRAM, "[]"), (IMPORTS, "0")])
def test_what_is_heavy_waits_for_its_first_use(program, said):
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == said
