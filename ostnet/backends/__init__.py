"""Back ends: what computes the networks, behind one interface (:class:`interface.Backend`).

``load_backend`` chooses one; ``openvino`` and ``onnx`` also write graphs for use elsewhere. What a
name needs is imported when it is used.
"""

from ostnet.backends.choice import BACKENDS, candidates, load_backend

__all__ = ["BACKENDS", "candidates", "load_backend"]
