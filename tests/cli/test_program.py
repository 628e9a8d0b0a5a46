"""The program as a whole: help, start-up, memory, the embedded weights."""

import subprocess
import sys
import time

import pytest

from ostnet.cli import COMMANDS
from ostnet.hub import embedded_folders
from ostnet.media.video import VideoWriter, probe


def python(*arguments, **options) -> subprocess.CompletedProcess:
    """Run this interpreter on its own."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def test_help_names_every_command_and_loads_no_torch():
    code = (
        "import sys; from ostnet.cli import main; code = main(['--help']);"
        "assert not {'torch', 'gradio', 'moviepy', 'huggingface_hub'} & set(sys.modules);"
        "sys.exit(code)"
    )
    started = time.perf_counter()
    ended = python("-c", code)
    assert time.perf_counter() - started < 5  # an idle machine takes a fiftieth of a second
    assert ended.returncode == 0, ended.stderr
    assert all(command in ended.stdout for command in COMMANDS)


def test_importing_the_package_imports_nothing_else():
    ended = python("-c", "import sys, ostnet; assert 'torch' not in sys.modules")
    assert ended.returncode == 0, ended.stderr


def test_module_and_errors_end_with_their_exit_code():
    assert python("-m", "ostnet", "--version").stdout.startswith("ostnet ")
    ended = python("-m", "ostnet", "animate")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1 and "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    from ostnet.cli import main

    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--" in capsys.readouterr().out


def test_memory_does_not_grow_with_the_clip(tmp_path, faces, portrait, checkpoint):
    """Peak memory of ``animate``, in MiB, on 20 and on 200 frames: their pixels take 34 more."""
    from fractions import Fraction

    clip = tmp_path / "long.mp4"
    with VideoWriter(clip, Fraction(25)) as writer:
        for index in range(200):
            writer.write(faces[index % 4])
    code = (
        "import resource, sys; from ostnet.cli import main;"
        "assert main(sys.argv[1:]) == 0;"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )

    def peak(frames: int) -> float:
        ended = python(
            "-c", code, "animate", "--source", portrait, "--driving", clip,
            "--checkpoint", checkpoint, "--max-frames", frames, "--output", tmp_path / "o.mp4",
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return float(ended.stdout.split()[-1])

    peak(1)  # the first use of a network may build its graphs
    assert peak(200) - peak(20) < 20


@pytest.mark.skipif(
    not any(folder.is_dir() for folder in embedded_folders()), reason="no embedded weights"
)
def test_embedded_weights_are_found_from_any_folder(ostnet, portrait, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = ostnet(
        "animate", "--source", portrait, "--driving", clip, "--max-frames", 2, "--output", "o.mp4"
    )
    assert code == 0, err
    assert probe(tmp_path / "o.mp4").frames == 2
