"""OSTNet: one-shot talking-head reenactment with online scale transformation (arXiv 2407.09965).

The public names load on first use, so that ``import ostnet`` costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "OSTNet": "ostnet.model.ostnet",
    "ModelConfig": "ostnet.config",
    "Animator": "ostnet.animation.animator",
    "AnimateOptions": "ostnet.options",
    "Pipeline": "ostnet.animation.pipeline",
    "InputError": "ostnet.errors",
}
__all__ = ["__version__", *_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'ostnet' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
