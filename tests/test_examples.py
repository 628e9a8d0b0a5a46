"""The Python examples of the documents, run as they stand there."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from documents import FRAMES, ROOT, examples, lay_out_inputs

from ostnet.dataset.manifest import READ_COLUMNS, write_manifest
from ostnet.media.video import probe


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The reader's current folder: weights, me.jpg, clip.mp4 and a data folder data/."""
    lay_out_inputs(tmp_path)
    clip = tmp_path / "data" / "clips" / "one.avi"
    clip.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 64))
    for level in range(8):
        writer.write(np.full((64, 64, 3), 30 * level, np.uint8))
    writer.release()
    row = dict(zip(READ_COLUMNS, ("clips/one.avi", "clip", "train", "ann", 8), strict=True))
    write_manifest(tmp_path / "data", [row], READ_COLUMNS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(
    not (ROOT / "checkpoints" / "ostnet-lite").is_dir(), reason="no embedded weights"
)
@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_examples_run_one_after_the_other(document, folder):
    names: dict = {}
    found = examples(document)
    assert found
    for number, code in enumerate(found):
        exec(compile(code, f"{document}, example {number}", "exec"), names)
    if document == "README.md":
        assert probe(folder / "me.mp4").frames == FRAMES
    else:
        assert names["rectified"].shape == (256, 256, 3)
        assert names["output"].image.shape == (1, 3, 256, 256)
        assert names["batch"].source.shape == (4, 3, 64, 64)
        assert names["settings"].steps == 8
