"""An exported Space is started from its own files, and answers."""

import os
import subprocess
import sys

import pytest
from gradio_client import Client, handle_file
from running_page import running_page

from ostnet.cli import main
from ostnet.media.video import probe

pytestmark = pytest.mark.slow


def test_an_exported_space_runs_on_its_own_files_alone(tmp_path):
    space = tmp_path / "space"
    assert main(["export-space", str(space)]) == 0
    found = subprocess.run(
        [sys.executable, "-c", "import ostnet; print(ostnet.__file__)"],
        cwd=space, env=os.environ | {"PYTHONPATH": str(space)}, capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout.strip() == str(space / "ostnet" / "__init__.py"), found.stderr

    examples = space / "examples"
    with running_page(tmp_path, project=space) as server:
        client = Client(server.url, verbose=False, download_files=str(tmp_path / "downloads"))
        video = client.predict(
            handle_file(examples / "portraits" / "eileen_collins.jpg"),
            handle_file(examples / "driving" / "mid_1.0_audio.mp4"),
            max_seconds=0.08,
            api_name="/animate",
        )
        weights = [
            part["props"]["value"]
            for part in client.config["components"]
            if part["props"].get("elem_id") == "weights"
        ]
    info = probe(video)
    assert (info.frames, info.width, bool(info.audio)) == (2, 256, True)
    assert "ostnet-lite" in weights[0]
    assert not (space / "checkpoints" / "default.txt").exists()
