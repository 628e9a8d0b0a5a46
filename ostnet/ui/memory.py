"""How the C library keeps memory that was freed."""

import ctypes

M_ARENA_MAX = -8
"""Number of this setting of glibc's ``mallopt``."""


def limit_heaps(most: int = 2) -> None:
    """Let all threads share so many heaps of glibc; other C libraries have no such setting.

    By default there are eight for each processor. A page works in ever new threads, so all of them
    grow to the size of a job, and almost none of that is returned. Call it before threads start.
    """
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, most)
    except (AttributeError, OSError, TypeError):  # macOS, musl, Windows
        return
