"""Calls captured as CUDA graphs.

A call of the networks is up to a hundred small kernels. Eagerly, Python launches them one by one,
which takes longer than they run. A CUDA graph launches all of them at once.
"""

import functools
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Record = Callable[[Callable[[], Any]], tuple[Any, Callable[[], None]]]
"""call -> (what it returned, replay). Replay computes the call once more from the same memory and
writes into the tensors that it returned."""

EAGER_CALLS = 32
"""Calls of one kind that are computed eagerly before it is captured. By estimate, capturing takes
as long as some thirty calls save, so that a clip of few frames, on ZeroGPU in a process of its own,
loses nothing, and any clip takes at most twice the best time."""

KEPT = 16
"""Number of most recently used graphs that are kept, each with its own memory. A clip needs 7."""

_ONE_CAPTURE = threading.Lock()
"""torch captures one graph at a time in a process."""


@functools.cache
def _capture_stream(device: torch.device) -> torch.cuda.Stream:
    """Return the stream of all captures; cuBLAS keeps a workspace for each stream."""
    return torch.cuda.Stream(device)


def cuda_graph(device: torch.device, call: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
    """Capture a call on a CUDA device: a ``Record``, once the device is given."""
    graph = torch.cuda.CUDAGraph()
    with (
        _ONE_CAPTURE,
        torch.cuda.device(device),
        torch.cuda.stream(torch.cuda.current_stream(device)),  # restored even if capturing fails
        torch.cuda.graph(
            graph,
            stream=_capture_stream(device),
            # other threads may meanwhile allocate memory and copy pictures
            capture_error_mode="thread_local",
        ),
    ):
        outputs = call()
    return outputs, graph.replay


class CapturedCalls:
    """Computes calls eagerly at first, then by captured graphs, one for each kind of call.

    A kind is a name, the shapes and types of tensors, and all other values (``None``, sizes).
    Tensors are arguments, or in dataclasses, lists and tuples of them. Arguments must not be
    written to after the call: a tensor that was given last time is not copied again. So a source's
    features are copied once.

    Threads may call concurrently. A graph reads and writes fixed memory, which the next replay
    overwrites. Two rules keep results whole. The lock covers all that one call enqueues: copies of
    the inputs, replay and copies of the outputs. And the threads of this package enqueue on the
    device's default stream, which computes in the order of enqueueing. The lock is held for
    launches only, never until the GPU has finished; it also covers capturing, so that no graph runs
    while another one is captured.

    A process that is forked (ZeroGPU) starts without graphs, since the one that forks has no GPU.

    Args:
        record: captures a call.
        after: how many calls of a kind are computed eagerly first.
    """

    def __init__(self, record: Record, after: int = EAGER_CALLS):
        self.record, self.after = record, after
        self._graphs: dict[Hashable, _Graph] = {}  # the most recently used one is the last
        self._eager: Counter[Hashable] = Counter()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Return the result of a call; where it cannot be captured, warn once and stay eager."""
        given = leaves(arguments)
        kind = (name, *((v.shape, v.dtype) if isinstance(v, Tensor) else v for v in given))
        with self._lock:
            graph = None if self._stopped else self._graph(kind, call, arguments)
            if graph is not None:
                return graph(given)
        return call(*arguments)

    def stop(self) -> None:
        """Free all graphs and compute eagerly from now on, for a device without memory for both."""
        with self._lock:
            self._stopped = True
            self._graphs.clear()

    def _graph(self, kind: Hashable, call: Callable, arguments: tuple) -> "_Graph | None":
        """Return the graph of a kind of call, captured if it is time for it."""
        graph = self._graphs.pop(kind, None)
        if graph is None and self._eager[kind] < self.after:
            self._eager[kind] += 1
            return None
        try:
            graph = graph or _Graph(self.record, call, arguments)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._stopped = True
            self._graphs.clear()
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(f"CUDA graphs cannot be used ({reason}); frames are slower", stacklevel=2)
            return None
        self._graphs[kind] = graph
        if len(self._graphs) > KEPT:
            oldest = next(iter(self._graphs))
            del self._graphs[oldest], self._eager[oldest]
        return graph


class _Graph:
    """One captured call and its memory."""

    def __init__(self, record: Record, call: Callable, arguments: tuple):
        fixed = mapped(Tensor.clone, arguments)
        with _Reads() as reads:  # also makes what is made at first use, such as constants
            call(*fixed)
        self._inputs, self._last = leaves(fixed), leaves(arguments)
        # the graph reads these at their place in memory, even if a cache no longer holds them
        self._constants = reads.constants()
        self._outputs, self._replay = record(lambda: call(*fixed))

    def __call__(self, given: list) -> Any:
        """Replay with the leaves of other arguments; the result's tensors are the caller's own."""
        for index, (fixed, new) in enumerate(zip(self._inputs, given, strict=True)):
            if isinstance(new, Tensor) and new is not self._last[index]:
                fixed.copy_(new)
                self._last[index] = new
        self._replay()
        own = {id(fixed): new for fixed, new in zip(self._inputs, given, strict=True)}

        def copied(output: Tensor) -> Tensor:
            if id(output) not in own:
                own[id(output)] = output.clone()
            return own[id(output)]

        return mapped(copied, self._outputs)


class _Reads(TorchDispatchMode):
    """Holds all tensors that operations read and return while it is active."""

    def __init__(self):
        super().__init__()
        self._read: dict[int, Tensor] = {}
        self._made: dict[int, Tensor] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for held, values in ((self._read, args), (self._made, result)):
            held.update((id(leaf), leaf) for leaf in leaves(values) if isinstance(leaf, Tensor))
        return result

    def constants(self) -> list[Tensor]:
        """Return the tensors that were read but not made: weights, cached matrices and inputs."""
        return [tensor for key, tensor in self._read.items() if key not in self._made]


def leaves(value: Any) -> list[Any]:
    """Return what dataclasses, lists and tuples hold, in order: tensors and other values."""
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Return a copy of dataclasses, lists and tuples with every tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return replace(value, **{name: mapped(change, getattr(value, name)) for name in names})
    if isinstance(value, list | tuple):
        return type(value)(mapped(change, part) for part in value)
    return value
