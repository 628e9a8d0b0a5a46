"""Back ends that compute the networks, with the same methods (:data:`registry.Backend`).

``load_backend`` chooses one; ``export`` writes graphs for use elsewhere. Public names are imported
at first use, since built graphs run without torch (``openvino``, ``manifest``).
"""

from importlib import import_module

__all__ = ["BACKENDS", "all_threads", "candidates", "in_torch", "load_backend", "usable"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'ostnet.backends' has no attribute {name!r}")
    return getattr(import_module("ostnet.backends.registry"), name)
