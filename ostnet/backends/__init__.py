"""Back ends: what computes the networks, behind one interface (:class:`interface.Backend`).

``load_backend`` chooses one; ``export`` writes graphs for use elsewhere. The public names load on
first use: graphs that were built run without torch (``openvino``, ``manifest``).
"""

from importlib import import_module

__all__ = ["BACKENDS", "all_threads", "candidates", "in_torch", "load_backend", "usable"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'ostnet.backends' has no attribute {name!r}")
    return getattr(import_module("ostnet.backends.registry"), name)
