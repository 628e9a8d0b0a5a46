"""The threads that this package runs ahead in; those of other tests and libraries come and go."""

import threading

from ostnet.animation.prefetch import THREAD_NAME


def threads_ahead() -> set[threading.Thread]:
    """Those that are running now."""
    return {thread for thread in threading.enumerate() if thread.name == THREAD_NAME}
