"""A borrowed GPU that is not to be had, or lost, is said in plain words with another way."""

import gradio as gr
import pytest
import torch

from ostnet.errors import InputError
from ostnet.ui import engine


def failing(error):
    def borrowed(*arguments):
        yield "a first frame"
        raise error

    return borrowed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (gr.Error("You have exceeded your GPU quota (60s requested)"), "exceeded your GPU quota"),
        (torch.AcceleratorError("CUDA error: device lost\nCompile with ..."), "it was lost"),
    ],
)
def test_what_went_wrong_and_what_to_do(error, words, monkeypatch):
    monkeypatch.setattr(engine, "_borrowed", failing(error))
    frames = engine.network(None, [], [], None, False)
    assert next(frames) == "a first frame"
    with pytest.raises(InputError, match=f"^GPU: .*{words}.*ostnet animate --device cpu") as said:
        next(frames)
    assert "\n" not in str(said.value)
