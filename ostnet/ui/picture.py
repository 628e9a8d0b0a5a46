"""A picture input that hands over the file as it was uploaded."""

import gradio as gr
from gradio.data_classes import ImageData


def picture_file(value: str | None, **settings) -> gr.Image:
    """gradio's Image, without decoding and encoding between the upload and the handler.

    So that a file which is no picture gets this project's answer, orientation is applied once, and
    nothing is lost. (A subclass would make gradio write an interface file into this folder.)
    """
    picture = gr.Image(value, type="filepath", **settings)
    picture.preprocess = _path
    return picture


def _path(payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path
