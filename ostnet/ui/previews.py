"""Previews of a portrait and a clip: the square, and the picture that the networks get."""

import functools
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import gradio as gr
import numpy as np

from ostnet.errors import InputError
from ostnet.media.square import ROOMY, Crop, Framed
from ostnet.ui import drawing, engine, examples, markup
from ostnet.ui.given import CLIP_CROPS, CROPS, Given
from ostnet.ui.inputs import (
    Driving,
    Portrait,
    look_at_driving,
    look_at_portrait,
    reframed,
)
from ostnet.ui.visitors import VISITORS, Visitor

Look = TypeVar("Look")

_KEYS = (
    "The square: drag to draw another; arrow keys move it, plus and minus change its size, "
    "delete makes it automatic again"
)


def seen_portrait(visitor: Visitor, given: Given) -> Portrait:
    """Return the portrait with its square, found or drawn; the face is searched once."""
    look = visitor.once(
        given.portrait_key,
        lambda: _look_at_portrait(given.portrait, CROPS[given.square], int(given.face) - 1),
    )
    square = parse_square(given.drawn, "portrait", look.crop.roll)
    return look if square is None else reframed(look, square)


def seen_driving(visitor: Visitor, given: Given) -> Driving:
    """Return the driving clip with its square, found or drawn; the face is searched once."""
    how = given.seconds, CLIP_CROPS[given.clip_square], int(given.clip_face) - 1
    gone = visitor.gone.is_set
    look = visitor.once(given.clip_key, lambda: _look_at_driving(given.clip, *how, cancel=gone))
    square = parse_square(given.clip_drawn, "driving clip", look.crop.roll)
    if square is None or look.motion is not None:  # a motion file has no picture to crop
        return look
    return visitor.once((*given.clip_key, square), lambda: reframed(look, square))


def look_at_first_examples() -> None:
    """Read the examples that the page starts with, before a visitor asks."""
    if examples.CLIPS and examples.PORTRAITS:
        _look_at_portrait(examples.first(examples.PORTRAITS), "auto", 0)
        _look_at_driving(examples.first(examples.CLIPS), Given.seconds, "auto", 0)


def _cached(look: Callable[..., Look]) -> Callable[..., Look]:
    """Return a function that reads a shipped example only once for all visitors."""
    cached = functools.lru_cache(8)(look)

    def looked_at(path: str, *how: Any, **cancel: Callable[[], bool]) -> Look:
        if examples.shipped(path):  # shared by all visitors, so not cancelled
            return cached(path, *how)
        return look(path, *how, **cancel)

    return looked_at


_look_at_portrait, _look_at_driving = _cached(look_at_portrait), _cached(look_at_driving)


def show_portrait(request: gr.Request, *values: Any) -> tuple[str, gr.CheckboxGroup]:
    """Return the portrait with its square beside the square alone, and the choice of faces."""
    given = Given(*values)
    if not given.portrait:
        words = "Choose a portrait: a picture of faces, seen from the front."
        return markup.note(words), gr.CheckboxGroup(visible=False)
    try:
        look = seen_portrait(VISITORS.get(request.session_hash, given.portrait), given)
    except InputError as error:
        return complaint(error), gr.CheckboxGroup(visible=False)
    several = look.faces if len(look.faces) > 1 else []
    numbers = [str(number) for number in range(1, len(several) + 1)]
    choice = gr.CheckboxGroup(choices=numbers, visible=bool(several))  # pyright: ignore
    return _portrait(look, several, [int(one) for one in given.faces or []]), choice


def _portrait(look: Portrait, faces: list[Crop], chosen: list[int]) -> str:
    """Return the portrait with its square, or those of the chosen faces, and one square alone."""
    alt, words = "The portrait, dark outside the square", "the square"
    chosen = [number for number in chosen if number <= len(faces)]
    squares = [faces[number - 1] for number in chosen]
    if squares:
        look = replace(look, crop=squares[0], note=_notes_of(chosen, look.notes))
        alt, words = "The portrait, dark outside the squares", "the squares"
    words += " animated"
    if faces:
        words += "; click faces to animate them together"
    crop = _canvas(look.image, look.crop, words, f"{alt} animated.", squares, faces)
    square = look.square(engine.load().size)
    seen = markup.Figure(square, "what the networks see", "The square of the portrait.")
    still = markup.stand_in("show this picture", look.image)
    return _beside(crop, seen, look.note) + still


def _notes_of(chosen: list[int], notes: Sequence[Sequence[str]]) -> str | None:
    """Return the notes of the chosen faces, each once; None where there are none."""
    faces: dict[str, list[str]] = {}
    for number in chosen:
        for note in notes[number - 1]:
            faces.setdefault(note, []).append(str(number))
    said = (
        f"face{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: {note}"
        for note, numbers in faces.items()
    )
    return "; ".join(said) or None


def show_driving(request: gr.Request, *values: Any) -> str:
    """Return a frame of the clip with its square, and the square as zoomed."""
    given = Given(*values)
    if not given.clip:
        return markup.note("Choose a driving clip: a few seconds of one moving face.")
    try:
        look = seen_driving(VISITORS.get(request.session_hash, given.clip), given)
    except InputError as error:
        return complaint(error)
    shown = _motion(look) if look.motion is not None else _clip(look, given.zoom)
    if look.frames < look.info.frames:
        shown += markup.note(
            f"This clip lasts {look.info.duration:.1f} s; its first "
            f"{float(look.frames / look.info.fps):.1f} s are used. "
            "Move the slider “seconds to use” for another length."
        )
    return shown


def _clip(look: Driving, zoom: float) -> str:
    """Return a frame of a clip with its square, and the square as zoomed."""
    alt = "A frame of the driving clip, dark outside the square that is used."
    square = look.crop.at(look.frames // 2)
    crop = _canvas(look.whole, square, "one square for the whole clip", alt)
    seen = markup.Figure(
        engine.zoomed(look.still(0.5), (zoom, zoom)),
        "what the networks see" + ("" if zoom == 1 else f", {zoom:g} times as large"),
        "The square of the driving frame after the driving zoom.",
    )
    return _beside(crop, seen, look.note) + markup.stand_in("play this clip", look.whole)


def _motion(look: Driving) -> str:
    """Return the keypoints of a frame of a motion file."""
    caption = f"keypoints of {look.path.name}"
    points = markup.Figure(look.whole, caption, "Keypoints of a driving frame.")
    return markup.row([points])


def show_strengths(request: gr.Request, *values: Any) -> str:
    """Return the frame with the most open mouth, performed with the strengths that are set."""
    given = Given(*values)
    if not given.portrait or not given.clip:
        return ""
    visitor = VISITORS.get(request.session_hash, given.portrait, given.clip)
    try:
        options = given.options
        portrait, driving = seen_portrait(visitor, given), seen_driving(visitor, given)
        if driving.motion is not None:
            return markup.note("A motion file has no pictures for this preview.")
        source = Framed(portrait.image, portrait.crop, engine.load().size)
        plain = replace(options, only=None, mouth=1, eyelids=1, head=1)
        clip, index = visitor.once(
            ("stills", portrait.path, portrait.crop, *given.clip_key, given.clip_drawn, plain),
            lambda: engine.read_stills(source, driving.stills, plain),
        )
        made = engine.perform(source, driving.stills[index], options, clip)
    except InputError as error:
        return complaint(error)
    return markup.row([
        markup.Figure(driving.stills[index], "the clip", "A frame of the driving clip."),
        markup.Figure(made, "with these strengths", "The portrait performing this frame."),
    ])  # fmt: skip


def _beside(crop: str, seen: markup.Figure, note: str | None) -> str:
    return markup.beside([crop, markup.cell(seen)], 130) + (
        markup.note(note, "warn") if note else ""
    )


def _canvas(
    picture: np.ndarray,
    crop: Crop,
    caption: str,
    alt: str,
    squares: Sequence[Crop] = (),
    faces: Sequence[Crop] = (),
) -> str:
    """Return a figure of a whole picture (H, W, 3) with its square, to draw another one on.

    Args:
        picture: uint8.
        crop: its square.
        caption: on the square.
        alt: alternative text.
        squares: shown instead of the square.
        faces: squares of faces that a click picks; a box in their middle is the face itself.
    """
    height, width = picture.shape[:2]
    boxes = [one.larger(round(one.size * (1 / ROOMY - 1) / 2)) for one in faces]
    outlined = drawing.crop_outline(picture, squares or [crop], boxes)
    places = " ".join(f"{one.left},{one.top},{one.size}" for one in boxes)
    return (
        f'<figure class="canvas" tabindex="0" data-size="{width},{height}" '
        f'data-square="{crop.left},{crop.top},{crop.size}" data-faces="{places}" '
        f'aria-label="{html.escape(_KEYS)}">'
        f'<div><img src="{markup.data_uri(outlined)}" '
        f'alt="{html.escape(alt, quote=True)}" draggable="false"><b></b>'
        '<button type="button" aria-label="Larger, to draw finely">⤢</button></div>'
        f"<figcaption>{html.escape(caption)}, or drag another</figcaption></figure>"
    )


def parse_square(text: str | None, role: str, roll: float = 0.0) -> Crop | None:
    """Return the square ``X,Y,SIDE`` turned by ``roll`` degrees; None for an empty text.

    Raises:
        InputError: it is no square.
    """
    text = re.sub(r"\s", "", text or "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,6},-?\d{1,6},[1-9]\d{0,5}", text):
        raise InputError(f"{role}: the square {text!r} is not X,Y,SIDE; drag it on the picture")
    left, top, side = map(int, text.split(","))
    return Crop(left, top, side, roll)


def complaint(error: Exception) -> str:
    """Return an error as HTML for its input's preview, and also show it as a warning."""
    gr.Warning(markup.without_paths(error))
    return markup.note(str(error), "warn")
