"""The page and the command line make the same frames of the same inputs."""

import numpy as np

from ostnet.animation import VARIANTS
from ostnet.cli import main
from ostnet.media.video import read_frames
from ostnet.ui import engine


def test_the_page_makes_what_the_command_line_makes(scene, portrait_file, driving_file, tmp_path):
    flags = ["--source", portrait_file, "--driving", driving_file, "--max-frames", "8"]
    assert main(["compare", *flags, "--output", str(tmp_path / "line")]) == 0
    made = engine.pipeline().run_folder(scene, tmp_path / "page", VARIANTS)
    for name, path in made.files.items():
        if path.suffix == ".mp4":
            one, other = (
                list(read_frames(tmp_path / side / path.name)) for side in ("line", "page")
            )
            assert len(one) == 8 and np.array_equal(one, other), name
