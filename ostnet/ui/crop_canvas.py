"""Squares that a visitor drags on a picture; a hidden text holds them as ``X,Y,SIDE``."""

import html
import re

import gradio as gr
import numpy as np

from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.ui import drawing, figures
from ostnet.ui.wiring import PRIVATE

HINT = "or drag another"


def canvas(picture: np.ndarray, crop: Crop, caption: str, alt: str) -> str:
    """A figure of a whole picture (H, W, 3) with its square, to draw another one on."""
    height, width = picture.shape[:2]
    return (
        f'<figure class="canvas" tabindex="0" data-size="{width},{height}" '
        f'data-square="{crop.left},{crop.top},{crop.size}" aria-label="{html.escape(_KEYS)}">'
        f'<div><img src="{figures.data_uri(drawing.crop_outline(picture, crop))}" '
        f'alt="{html.escape(alt, quote=True)}" draggable="false"><b></b>'
        '<button type="button" title="larger, to draw finely">⤢</button></div>'
        f"<figcaption>{html.escape(caption)}, {HINT}</figcaption></figure>"
    )


def field(view: gr.HTML, name: str) -> gr.Textbox:
    """The text that holds the square of a view, which was made with ``js_on_load=DRAW``.

    Not to be put into something folded: what is folded says nothing of its changes.
    """
    text = gr.Textbox("", visible="hidden", elem_id=name)

    def drawn(event: gr.EventData) -> str:
        return event.square

    view.draw(drawn, None, text, show_progress="hidden", queue=False, **PRIVATE)
    return text


def parse(text: str | None, role: str, roll: float = 0.0) -> Crop | None:
    """The square that a field holds, turned by ``roll`` degrees; None where it is empty.

    Raises:
        InputError: it is no square.
    """
    text = re.sub(r"\s", "", text or "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,6},-?\d{1,6},[1-9]\d{0,5}", text):
        raise InputError(f"{role}: the square {text!r} is not X,Y,SIDE; drag it on the picture")
    return Crop(*map(int, text.split(",")), roll)


_KEYS = (
    "The square: drag to draw another; arrow keys move it, plus and minus change its size, "
    "delete makes it automatic again"
)

DRAW = """
const MOST = 0.98, LEAST = 16;
let held = null; // {figure, x, y, square}
const numbers = text => text.split(',').map(Number);
const spot = (figure, event) => { // in pixels of the picture
  const box = figure.querySelector('img').getBoundingClientRect();
  const [width, height] = numbers(figure.dataset.size);
  return [(event.clientX - box.left) / box.width * width,
          (event.clientY - box.top) / box.height * height];
};
const between = (value, least, most) => Math.min(Math.max(value, least), most);
const show = (figure, [left, top, side]) => {
  const [width, height] = numbers(figure.dataset.size), mark = figure.querySelector('b');
  mark.style.cssText = `display: block; left: ${100 * left / width}%; top: ${100 * top / height}%;
    width: ${100 * side / width}%; height: ${100 * side / height}%`;
};
const send = (figure, square) => {
  figure.dataset.square = square;
  show(figure, square);
  figure.classList.remove('large');
  trigger('draw', {square: square.join(',')});
};
const drawn = (figure, [x, y], event) => {
  const [width, height] = numbers(figure.dataset.size), [toX, toY] = spot(figure, event);
  const right = toX > x, down = toY > y;
  const side = Math.round(Math.min(
    Math.max(Math.abs(toX - x), Math.abs(toY - y)),
    right ? width - x : x, down ? height - y : y));
  return [Math.round(right ? x : x - side), Math.round(down ? y : y - side), side];
};
element.addEventListener('pointerdown', event => {
  const figure = event.target.closest('.canvas');
  if (!figure || event.button || event.target.closest('button')) return;
  const large = figure.classList.contains('large');
  if (event.pointerType === 'touch' && !large) return figure.classList.add('large');
  if (event.target.tagName !== 'IMG') return figure.classList.remove('large');
  event.preventDefault();
  figure.focus({preventScroll: true});
  figure.setPointerCapture(event.pointerId); // of the figure, which clicks then have as target
  held = {figure, from: spot(figure, event), square: null};
});
element.addEventListener('pointermove', event => {
  if (!held) return;
  held.square = drawn(held.figure, held.from, event);
  show(held.figure, held.square);
});
element.addEventListener('pointerup', () => {
  if (held?.square?.[2] >= LEAST) send(held.figure, held.square);
  held = null;
});
element.addEventListener('pointercancel', () => { held = null; });
element.addEventListener('dblclick', event => {
  if (event.target.closest('.canvas') && !event.target.closest('button')) {
    trigger('draw', {square: ''});
  }
});
element.addEventListener('click', event => {
  if (event.target.closest('.canvas button')) {
    event.target.closest('.canvas').classList.toggle('large');
  }
});
element.addEventListener('keydown', event => {
  const figure = event.target.closest('.canvas');
  if (!figure || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = {ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0],
    ArrowDown: [0, 1, 0], '+': [-1, -1, 2], '-': [1, 1, -2]}[event.key];
  if (event.key === 'Delete' || event.key === 'Backspace') trigger('draw', {square: ''});
  if (!step) return;
  event.preventDefault();
  const square = numbers(figure.dataset.square), by = Math.max(1, Math.round(square[2] / 40));
  const [width, height] = numbers(figure.dataset.size);
  const side = between(square[2] + by * step[2], LEAST, 2 * Math.max(width, height));
  send(figure, [
    between(square[0] + by * step[0], Math.round(-side * MOST), Math.round(width * MOST)),
    between(square[1] + by * step[1], Math.round(-side * MOST), Math.round(height * MOST)),
    side]);
});
"""
"""Of a view that holds canvases: a drag, or a key, sends the event ``draw`` with the square."""
