"""The command line: ``ostnet COMMAND ...``, the same as ``python -m ostnet COMMAND ...``.

A command's module is imported only when the command is called, so ``ostnet --help`` is fast.
"""

import logging
import os
import sys
import warnings
from importlib import import_module

from ostnet.errors import InputError
from ostnet.exits import exit_code

COMMANDS = {
    "animate": "make a portrait perform a driving clip",
    "compare": "animate with all four variants of the method and show them side by side",
    "batch": "animate many portraits and clips from a table or a folder; can be resumed",
    "motion": "store the movement in a clip, without its pictures, to drive any portrait",
    "prepare": "make a training data set from videos, VoxCeleb1 or HDTF",
    "train": "train the networks on a folder of clips",
    "curves": "draw the loss curves of training runs",
    "evaluate": "measure weights on a folder of clips and compare them with other methods",
    "score": "measure generated clips of any method against reference clips",
    "calibrate": "prepare weights for 8-bit inference on CPUs",
    "benchmark": "measure the time of a frame on this machine, by stage, back end and variant",
    "export": "write the networks as ONNX or OpenVINO graphs, or as a page that runs in browsers",
    "push": "publish weights with their card on the Hugging Face Hub",
    "export-space": "write the files of a Hugging Face Space",
    "export-comfyui": "write a folder of custom nodes for ComfyUI",
}

MODULES = {
    "animate": ("animate", "compare", "motion"),
    "batch": ("batch",),
    "research": ("prepare", "train", "curves", "evaluate", "score", "calibrate", "benchmark"),
    "publish": ("export", "push", "export-space", "export-comfyui"),
}
"""Module of this package -> the commands in it; each is a function that takes the arguments."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code.

    An error that a user can cause is one line on standard error and exit code 2.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    # torch's threads must sleep between layers: spinning starves the video encoders beside them
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _show_warnings_on_one_line()
    return exit_code(lambda: _run(argv))


def _run(argv: list[str]) -> None:
    if not argv or argv[0] in ("-h", "--help"):
        print(_help())
    elif argv[0] == "--version":
        from ostnet import __version__

        print(f"ostnet {__version__}")
    else:
        _command(argv[0])(argv[1:])


def _command(name: str):
    if name not in COMMANDS:
        raise InputError(f"command: {name!r} does not exist; choose one of {', '.join(COMMANDS)}")
    (module,) = (module for module, commands in MODULES.items() if name in commands)
    return getattr(import_module(f"ostnet.cli.{module}"), name.replace("-", "_"))


def _show_warnings_on_one_line() -> None:
    """Show warnings of this package as ``ostnet: warning: ...``; hide those of others."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns if the home is read-only
    warnings.simplefilter("ignore")
    warnings.filterwarnings("default", module="ostnet")
    warnings.formatwarning = lambda message, *_: f"ostnet: warning: {message}\n"


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: ostnet COMMAND ...",
            "",
            "One-shot talking-head video with online scale transformation.",
            "",
            *lines,
            "",
            "ostnet COMMAND --help lists a command's flags.",
        ]
    )
