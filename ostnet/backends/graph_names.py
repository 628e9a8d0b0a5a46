"""What passes from graph to graph."""

LEVELS = (2, 4, 8)
"""The taps' sizes, as divisors of the picture's."""

PASSED = tuple(f"{kind}_{level}" for level in LEVELS for kind in ("moved", "visible"))
"""From ``move`` to ``paint``: each tap, moved, and where it is to be seen."""
