"""A sheet held in front of the face on which features are painted, soft-edged and in layers."""

import numpy as np

LEFT, RIGHT, TOP, BOTTOM = -0.66, 0.66, -0.50, 1.04
"""Borders of the sheet in the head frame."""


class Sheet:
    """What is painted over the skin, at `density` pixels per head unit."""

    def __init__(self, density: float):
        rows, columns = round((BOTTOM - TOP) * density), round((RIGHT - LEFT) * density)
        self.density = density
        self.colour = np.zeros((rows, columns, 4), np.float32)
        """Linear colour times coverage, and coverage."""

    def pixel(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Column and row of positions in the head frame."""
        return (x - LEFT) * self.density, (y - TOP) * self.density

    def window(self, left: float, right: float, top: float, bottom: float) -> "Window":
        """A rectangle to paint in."""
        rows, columns = self.colour.shape[:2]
        x0, x1 = (int(np.clip((v - LEFT) * self.density, 0, columns)) for v in (left, right))
        y0, y1 = (int(np.clip((v - TOP) * self.density, 0, rows)) for v in (top, bottom))
        return Window(self, slice(y0, y1), slice(x0, x1))


class Window:
    """A rectangle of a sheet: its positions x (1, w) and y (h, 1), and ways to paint there."""

    def __init__(self, sheet: Sheet, rows: slice, columns: slice):
        self._colour = sheet.colour[rows, columns]
        self._density = sheet.density
        x = np.arange(columns.start, columns.stop, dtype=np.float32) / sheet.density + LEFT
        y = np.arange(rows.start, rows.stop, dtype=np.float32) / sheet.density + TOP
        self.x, self.y = x[None], y[:, None]

    def inside(self, distance: np.ndarray) -> np.ndarray:
        """Coverage of an area from the distance to its border, positive inside."""
        return np.clip(0.5 + distance * self._density, 0, 1)

    def over(self, colour, coverage: np.ndarray) -> None:
        """Cover with a linear colour, (3,) or (h, w, 3), as far as coverage (h, w) says."""
        coverage = coverage[..., None]
        self._colour *= 1 - coverage
        self._colour[..., :3] += np.asarray(colour, np.float32) * coverage
        self._colour[..., 3:] += coverage
