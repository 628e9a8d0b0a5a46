"""The showcase belongs to the weights that the page runs, or it is not shown."""

import json
import shutil

import pytest

from ostnet.animation.showcase import FOLDER, load_showcase, made_of
from ostnet.hub import embedded
from ostnet.media.video import probe
from ostnet.methods import VARIANTS

WEIGHTS = embedded().folder


def test_it_is_of_the_embedded_weights():
    kept = json.loads((FOLDER / "showcase.json").read_text())
    assert kept["made_of"] == made_of(WEIGHTS), (
        "the embedded weights or the examples have changed: run tests/tools/make_showcase.py"
    )


def test_its_videos_are_whole_and_small():
    shown = load_showcase(WEIGHTS)
    frames = len(shown.document["frames"])
    assert probe(shown.wide).frames == probe(shown.narrow).frames == frames
    assert set(shown.document["frames"][0]["variants"]) == set(VARIANTS)
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1.5e6


@pytest.mark.parametrize("changed", ["config.json", "model.safetensors"])
def test_it_is_not_shown_for_other_weights(tmp_path, changed):
    other = tmp_path / "weights"
    shutil.copytree(WEIGHTS, other, ignore=shutil.ignore_patterns("evaluation", "*.jpg"))
    assert load_showcase(other) is not None
    with (other / changed).open("ab") as file:
        file.write(b" ")
    assert load_showcase(other) is None


def test_without_it_nothing_is_shown(tmp_path):
    assert load_showcase(WEIGHTS, tmp_path) is None
