"""Progress and interruption in ComfyUI; outside it both do nothing."""

from importlib import import_module
from typing import Any


class Host:
    """Reports to ComfyUI how far a node is, and learns from it whether to stop."""

    def __init__(self):
        self._check = _find("model_management", "throw_exception_if_processing_interrupted")
        self._stop: BaseException | None = None
        self._bar: Any = None

    def begin(self, total: int) -> None:
        """Show a progress bar of that many frames."""
        bar = _find("utils", "ProgressBar")
        self._bar = bar(total) if bar else None

    def advance(self) -> None:
        """Count one frame."""
        if self._bar is not None:
            self._bar.update(1)

    def interrupted(self) -> bool:
        """Return whether the user has interrupted the run.

        ComfyUI's function raises this once, in whichever thread asks first, so it is kept.
        """
        if self._stop is None and self._check is not None:
            try:
                self._check()
            except BaseException as stop:  # ComfyUI's own exception, which may be any
                self._stop = stop
        return self._stop is not None

    def check(self) -> None:
        """Raise ComfyUI's exception if the user has interrupted the run."""
        if self.interrupted() and self._stop is not None:
            raise self._stop


def _find(module: str, name: str) -> Any:
    """Return a function or a class of ComfyUI; None where there is none."""
    try:
        return getattr(import_module(f"comfy.{module}"), name, None)
    except ImportError:
        return None
