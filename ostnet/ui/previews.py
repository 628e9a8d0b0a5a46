"""What a visitor's portrait and clip show: the face, its square, and what the networks get."""

import functools

import gradio as gr

from ostnet.errors import InputError
from ostnet.ui import crop_canvas, engine, examples, markup
from ostnet.ui.inputs import (
    Driving,
    Portrait,
    look_at_driving,
    look_at_portrait,
    reframed_driving,
    reframed_portrait,
)
from ostnet.ui.visitors import VISITORS, Visitor

FIRST_SECONDS = 10
"""Of a clip, until a visitor says otherwise."""

CROPS = {"around the face": "auto", "centre of the picture": "none"}
CLIP_CROPS = {"automatic": "auto", "around the face": "fixed", "centre of the picture": "none"}


def seen_portrait(visitor: Visitor, path, mode, face, drawn) -> Portrait:
    """The portrait with the square found or drawn; the face is looked for once."""
    look = visitor.once(
        ("portrait", path, mode, face), lambda: _look_at_portrait(path, CROPS[mode], int(face) - 1)
    )
    square = crop_canvas.parse(drawn, "portrait", look.crop.roll)
    return look if square is None else reframed_portrait(look, square)


def seen_driving(visitor: Visitor, path, seconds, mode, face, drawn) -> Driving:
    """The driving clip with the square found or drawn; the face is looked for once."""
    key = ("driving", path, seconds, mode, face)
    look = visitor.once(
        key, lambda: _look_at_driving(path, seconds, CLIP_CROPS[mode], int(face) - 1)
    )
    square = crop_canvas.parse(drawn, "driving clip", look.crop.roll)
    if square is None:
        return look
    return visitor.once((*key, square), lambda: reframed_driving(look, square))


def look_at_first_examples() -> None:
    """Before anybody asks, look at what the page starts with."""
    if examples.CLIPS and examples.PORTRAITS:
        _look_at_portrait(examples.first(examples.PORTRAITS), "auto", 0)
        _look_at_driving(examples.first(examples.CLIPS), FIRST_SECONDS, "auto", 0)


def _look_at_portrait(path: str, *how) -> Portrait:
    return (_example_portrait if examples.shipped(path) else look_at_portrait)(path, *how)


def _look_at_driving(path: str, *how) -> Driving:
    return (_example_driving if examples.shipped(path) else look_at_driving)(path, *how)


_example_portrait = functools.lru_cache(8)(look_at_portrait)
_example_driving = functools.lru_cache(8)(look_at_driving)


def show_portrait(path, mode, face, drawn, request: gr.Request) -> str:
    """The portrait with its square, and the square alone."""
    if not path:
        return markup.note("Choose a portrait: a picture with one face, seen from the front.")
    visitor = VISITORS.get(request.session_hash, path)
    try:
        look = seen_portrait(visitor, path, mode, face, drawn)
    except InputError as error:
        return complaint(error)
    crop = crop_canvas.canvas(
        look.image,
        look.crop,
        "the square that is animated",
        "The portrait, dark outside the square that is animated.",
    )
    square = markup.Figure(
        look.square(engine.load().size), "what the networks see", "The square of the portrait."
    )
    remark = markup.note(look.note, "warn") if look.note else ""
    return markup.beside([crop, markup.cell(square)], 130) + remark


def show_driving(path, seconds, mode, face, drawn, zoom, request: gr.Request) -> str:
    """A frame of the clip with its square, and the square as zoomed."""
    if not path:
        return markup.note("Choose a driving clip: a few seconds of one moving face.")
    visitor = VISITORS.get(request.session_hash, path)
    try:
        look = seen_driving(visitor, path, seconds, mode, face, drawn)
    except InputError as error:
        return complaint(error)
    crop = crop_canvas.canvas(
        look.whole,
        look.crop.at(look.frames // 2),
        "one square for the whole clip",
        "A frame of the driving clip, dark outside the square that is used.",
    )
    seen = markup.Figure(
        engine.zoomed(look.middle, (zoom, zoom)),
        "what the networks see" + ("" if zoom == 1 else f", {zoom:g} times as large"),
        "The square of the driving frame after the driving zoom.",
    )
    remarks = markup.note(look.note, "warn") if look.note else ""
    if look.frames < look.info.frames:
        remarks += markup.note(
            f"This clip lasts {look.info.duration:.1f} s; its first "
            f"{float(look.frames / look.info.fps):.1f} s are used. "
            "Move the slider “seconds to use” for another length."
        )
    return markup.beside([crop, markup.cell(seen)], 130) + remarks


def complaint(error: InputError) -> str:
    """An error said twice: at once, and where its input is."""
    gr.Warning(str(error))
    return markup.note(str(error), "warn")
