"""The two functions for programs, ``/animate`` and ``/compare``.

Their parameters are made from the fields of :class:`AnimateOptions`: name, default and the first
sentence of the docstring. A pair of numbers becomes two parameters, ``_x`` and ``_y``.
"""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields, replace
from typing import Any

import gradio as gr
from gradio.components import Component

from ostnet.animation.group import open_inputs
from ostnet.animation.pipeline import Result
from ostnet.errors import InputError
from ostnet.flags import field_docs
from ostnet.media.video import read_image
from ostnet.methods import VARIANTS
from ostnet.options import COMPARISON, AnimateOptions
from ostnet.ui import engine, markup
from ostnet.ui.engine import TURN
from ostnet.ui.inputs import MOST_SECONDS, WHOLE_SIDE, check_files, fitted
from ostnet.ui.visitors import VISITORS

NOT_OFFERED = ("paste_back", "fps")
"""Options without a parameter: a whole portrait may be of any size, which would be too costly
(`faces` shrinks it); a driving clip is one file."""

AXES = {"x": "wide", "y": "high"}

FILES = ("grid", *VARIANTS, "trace")
"""The files that ``/compare`` returns, in this order."""

_INTRODUCTION = {
    "animate": (
        "Make a portrait perform a driving clip, at the portrait's face size.",
        "An MP4 video (H.264, square) with the clip's frame rate and sound.",
    ),
    "compare": (
        "Animate with all four variants of the method, for comparison.",
        "Six files: all side by side (MP4), full, no_transform, no_embedding, neither (MP4), and\n"
        "        trace.json with the measured face sizes of every frame.",
    ),
}


def publish() -> None:
    """Add both functions to the page being built, without visible components."""
    with gr.Column(visible=False):
        for name in ("animate", "compare"):
            function, inputs = endpoint(name)
            if name == "animate":
                outputs: Any = gr.File(label="video")
            else:
                outputs = [gr.File(label=file) for file in FILES]
            gr.Button(name).click(function, inputs, outputs, api_name=name, **TURN)


def endpoint(name: str) -> tuple[Callable, list[Component]]:
    """Return the function of ``/animate`` or ``/compare``, and its input components."""
    known = [
        one
        for one in fields(AnimateOptions)
        if one.name not in NOT_OFFERED and (name == "animate" or one.name in COMPARISON)
    ]
    docs = field_docs(AnimateOptions)
    names, texts, defaults = ["portrait", "driving"], [], []
    texts += [
        "picture file with a face (PNG, JPEG, WebP).",
        "video or motion file with a moving face.",
    ]
    inputs: list[Component] = [
        gr.File(label="portrait picture"),
        gr.File(label="driving video or motion file"),
    ]
    for one in known:
        sentence = docs[one.name].split(". ")[0].rstrip(".") + "."
        for axis, default in _defaults(one).items():
            names.append(one.name + axis)
            texts.append(sentence.replace("wide and high", AXES.get(axis[1:], "")))
            defaults.append(default)
            inputs.append(_component(one.name + axis, default))

    def call(*values: Any) -> Any:
        given, request = dict(zip(names, values, strict=False)), values[-1]
        files = given.pop("portrait"), given.pop("driving")
        try:
            result = _run(*files, name, _options(known, given), request)
        except (InputError, OSError) as error:
            raise gr.Error(markup.without_paths(error), print_exception=False) from error
        made = [str(result.files[file]) for file in (FILES if name == "compare" else result.files)]
        return made if name == "compare" else made[0]

    _describe(call, name, names, texts, defaults)
    return call, inputs


def _defaults(one: Field) -> dict[str, Any]:
    """Return the default by suffix of the parameter; None becomes an empty text."""
    if one.name == "max_seconds":
        return {"": MOST_SECONDS}
    if isinstance(one.default, tuple):
        return {f"_{axis}": value for axis, value in zip(AXES, one.default, strict=True)}
    return {"": "" if one.default is None else one.default}


def _component(label: str, default: Any) -> Component:
    if isinstance(default, bool):
        return gr.Checkbox(default, label=label)
    if isinstance(default, str):
        return gr.Textbox(default, label=label)
    return gr.Number(default, label=label)


def _options(known: list[Field], given: dict[str, Any]) -> AnimateOptions:
    """Return the options that a call gives.

    Raises:
        InputError: a value out of its range.
    """
    values = {}
    for one in known:
        parts = [given[one.name + suffix] for suffix in _defaults(one)]
        if any(part is not None for part in parts):  # a client's null is the default
            values[one.name] = parts[0] if len(parts) == 1 else tuple(parts)
    options = AnimateOptions(**values)
    return replace(options, max_seconds=min(MOST_SECONDS, options.max_seconds or MOST_SECONDS))


def _describe(call: Any, name: str, names: list[str], texts: list[str], defaults: list) -> None:
    """Give a function the signature and the docstring that Gradio shows to clients."""
    about, returned = _INTRODUCTION[name]
    lines = "\n".join(f"        {one}: {text}" for one, text in zip(names, texts, strict=True))
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"{about}\n\n    Args:\n{lines}\n\n    Returns:\n        {returned}\n"
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(one, kind, default=default, annotation=type(default))
        for one, default in zip(names[2:], defaults, strict=True)
    ]
    parameters.append(inspect.Parameter("request", kind, default=None, annotation=gr.Request))
    files = [inspect.Parameter(one, kind, annotation=str) for one in names[:2]]
    output = str if name == "animate" else tuple[str, str, str, str, str, str]
    call.__signature__ = inspect.Signature([*files, *parameters], return_annotation=output)
    call.__annotations__ = {one.name: one.annotation for one in (*files, *parameters)}
    call.__annotations__["return"] = output


def _run(
    portrait: str, driving: str, name: str, options: AnimateOptions, request: gr.Request
) -> Result:
    check_files(portrait, driving)
    visitor = VISITORS.get(request and request.session_hash, portrait, driving)
    picture = portrait
    if options.faces is not None:
        picture, _ = fitted(read_image(portrait, role="source"), [], WHOLE_SIDE)
    scene = open_inputs(picture, driving, options, visitor.gone.is_set)
    for warning in scene.warnings:
        gr.Warning(warning)
    names = VARIANTS if name == "compare" else [options.variant]
    with visitor.at_work():
        result = engine.pipeline().run_folder(
            scene, visitor.run_folder(), names, cancel=visitor.stop.is_set
        )
    if visitor.gone.is_set():
        raise InputError(
            "stopped: the client has disconnected, so its files were deleted; call again"
        )
    return result
