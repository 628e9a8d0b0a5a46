"""A device with too little memory for several frames at once, or that is lost."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import SMALL, lively

from ostnet import Animator, InputError
from ostnet.backends import oom_retry


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(oom_retry, "PAUSES", (0.0, 0.05, 0.2))


class Small:
    """A device with memory for a limited number of calls at once; each waits for up to four."""

    def __init__(self, room: int):
        self.room, self.inside, self.most = room, 0, 0
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            if self.inside >= self.room:
                raise torch.OutOfMemoryError("CUDA out of memory")
            self.inside += 1
            self.most = max(self.most, self.inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= min(self.room, 4), timeout=30)
        time.sleep(0.05)
        with self._changed:
            self.inside -= 1
        return "made"


@pytest.mark.parametrize(("room", "most"), [(1, 1), (9, 4)])
def test_calls_take_turns_only_once_memory_has_run_out(room, most):
    memory, shared, made = Small(room), oom_retry.OomRetry(), []
    threads = [threading.Thread(target=lambda: made.append(shared.run(memory))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["made"] * 4 and memory.most == most


def test_a_frame_that_never_fits_is_an_error_of_one_line():
    with pytest.raises(InputError, match="^device: the GPU.s memory is too small.*; choose"):
        oom_retry.OomRetry().run(Small(room=0))


def test_a_lost_device_is_an_error_of_one_line():
    def lost():
        raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with ...")

    with pytest.raises(InputError, match=r"^device: the GPU failed \(CUDA error: unspec.*\); "):
        oom_retry.OomRetry().run(lost)


def test_a_clip_goes_on_with_the_same_pictures(monkeypatch):
    """Several frames are in the networks at once, where one is too many for the memory."""
    model = lively(replace(SMALL, resolution=64))
    face = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    clip = [np.roll(face, step, axis=0) for step in range(5)]

    def made(overlap: bool) -> list[np.ndarray]:
        animator = Animator(model, "cpu", "torch", overlap=overlap)
        animator.set_source(face)
        return [frame.image for frame in animator.animate(clip)]

    expected, memory = made(overlap=False), Small(room=1)
    for name in ("move", "paint"):
        whole = getattr(model, name)
        monkeypatch.setattr(
            model, name, lambda *given, whole=whole: memory() and whole(*given), raising=False
        )
    assert all(map(np.array_equal, made(overlap=True), expected))
    assert memory.most == 1
