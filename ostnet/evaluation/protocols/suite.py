"""All protocols by name: those that any module of this package lists in ``PROTOCOLS``."""

from importlib import import_module
from pkgutil import iter_modules

from ostnet.evaluation import protocols
from ostnet.evaluation.protocols.protocol import Protocol


def _found() -> dict[str, Protocol]:
    names = [module.name for module in iter_modules(protocols.__path__) if module.name != "suite"]
    modules = [import_module(f"{protocols.__name__}.{name}") for name in names]
    listed = [protocol for module in modules for protocol in getattr(module, "PROTOCOLS", ())]
    return {one.name: one for one in sorted(listed, key=lambda one: one.place)}


SUITE = _found()
"""Name -> protocol, in the order of a report."""
