"""Captured calls, with a stand-in for CUDA graphs that computes the call again at each replay."""

import threading
import time
import weakref

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ostnet import Animator
from ostnet.backends import cuda_graphs
from ostnet.backends.cuda_graphs import CapturedCalls, leaves
from ostnet.backends.eager import Eager

CPU = torch.device("cpu")
SIZE = 96


class Recorder:
    """Replays write into the same tensors each time, as those of a CUDA graph do."""

    def __init__(self, pause: float = 0.0):
        self.pause, self.captures, self.replays = pause, 0, 0

    def __call__(self, call):
        outputs = call()
        self.captures += 1

        def replay():
            self.replays += 1
            for output, value in zip(leaves(outputs), leaves(call()), strict=True):
                if isinstance(output, torch.Tensor) and output is not value:
                    output.copy_(value)
            time.sleep(self.pause)

        return outputs, replay


def captured(model, record, after=0, **options) -> Animator:
    animator = Animator(model, "cpu", "torch", **options)
    animator.networks = Eager(model, CPU, record=record)
    animator.networks.graphs.after = after
    return animator


def variants(animator, source, driving) -> list[np.ndarray]:
    animator.set_source(source)
    return [
        made
        for frames in animator.variants(driving, measure=True)
        for name in frames
        for made in (frames[name].image, frames[name].rectified, frames[name].keypoints)
    ]


def test_frames_of_several_sources_are_those_of_eager_torch(model, pictures):
    record = Recorder()
    eager = Animator(model, "cpu", "torch", SIZE)
    replayed = captured(model, record, after=1, size=SIZE, overlap=True)  # in threads
    for source, *driving in (pictures[:3], pictures[3:0:-1]):
        expected, found = (variants(made, source, driving) for made in (eager, replayed))
        assert all(map(np.array_equal, expected, found))
    # keypoints, align, rectify, move, paint with and without z, compose: once for both sources
    assert record.captures == 7 and record.replays > 30


def test_a_short_clip_captures_nothing(small, pictures):
    record = Recorder()
    source, *driving = pictures
    variants(captured(small(), record, cuda_graphs.EAGER_CALLS), source, driving)
    assert record.captures == 0


def test_without_graphs_frames_are_eager_after_one_warning(small, pictures):
    def record(_):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    source, *driving = pictures
    model = small()
    with pytest.warns(
        UserWarning, match="CUDA graphs cannot be used .operation.*capturing.; "
    ) as w:
        found = variants(captured(model, record), source, driving)
    assert len(w) == 1
    expected = variants(Animator(model, "cpu", "torch"), source, driving)
    assert all(map(np.array_equal, expected, found))


def test_graphs_are_freed_where_memory_runs_out(small, pictures):
    class Full(Recorder):
        def __call__(self, call):
            if self.captures == 3:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().__call__(call)

    source, *driving = pictures
    model = small()
    found = variants(captured(model, Full()), source, driving)
    expected = variants(Animator(model, "cpu", "torch"), source, driving)
    assert all(map(np.array_equal, expected, found))


def test_threads_get_the_results_of_their_own_arguments():
    calls, wrong = CapturedCalls(Recorder(pause=0.001), after=0), []

    def work(value: float):
        given = torch.full((3,), value)
        for _ in range(20):
            result = calls.run("double", lambda x: 2 * x, given)
            time.sleep(0.001)
            wrong.extend([value] if (result != 2 * value).any() else [])

    threads = [threading.Thread(target=work, args=(float(value),)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_most_recently_used_graphs_are_kept(monkeypatch):
    monkeypatch.setattr(cuda_graphs, "KEPT", 2)
    record = Recorder()
    calls = CapturedCalls(record, after=1)
    for size in (1, 1, 2, 2, 1, 3, 3, 1, 2):  # the last one is eager again
        assert calls.run("double", lambda x: 2 * x, torch.ones(size)).sum() == 2 * size
    assert record.captures == 3 and record.replays == 5


def test_a_graph_keeps_the_constants_that_it_reads():
    cache = {"factor": torch.tensor(2.0)}
    constant = weakref.ref(cache["factor"])
    calls = CapturedCalls(lambda call: (call(), lambda: None), after=0)
    calls.run("double", lambda x: x * cache["factor"], torch.ones(1))
    cache.clear()
    assert constant() is not None
    calls.stop()
    assert constant() is None


class NoHost(TorchDispatchMode):
    """Forbids copies between numbers in Python and tensors, which cannot be captured on a GPU."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        # an element may be set to a number: a GPU fills it
        copied = name == "lift_fresh" and args[0].ndim > 0
        assert not copied and name not in ("item", "is_nonzero", "nonzero"), func
        return func(*args, **(kwargs or {}))


@torch.inference_mode()
@pytest.mark.parametrize("given", [lambda x: x.sum().item(), lambda x: x.new_tensor([1, 2])])
def test_copies_to_and_from_the_host_are_noticed(given):
    with NoHost(), pytest.raises(AssertionError):
        given(torch.ones(2))


def test_no_call_copies_to_or_from_the_host(model, pictures):
    def record(call):
        with NoHost():
            return Recorder()(call)

    source, *driving = pictures
    assert variants(captured(model, record, size=SIZE), source, driving)
