"""Threads that end before the interpreter does."""

import subprocess
import sys
from threading import Event

from ostnet import threads

DECODES = """
import threading
import cv2, numpy as np
from ostnet import threads
begun, stopped = threading.Event(), threading.Event()
def decode():
    file = cv2.imencode(".png", np.zeros((800, 800, 3), np.uint8))[1]
    while not stopped.is_set():
        cv2.imdecode(file, cv2.IMREAD_COLOR)
        begun.set()
    print("ended")
threads.start(decode, stopped.set)
begun.wait()
"""


def test_a_program_waits_for_a_thread_inside_another_library():
    """It would be aborted: "terminate called without an active exception"."""
    done = subprocess.run([sys.executable, "-c", DECODES], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_ending_asks_all_before_it_waits_for_one():
    first, second = Event(), Event()
    one = threads.start(second.wait, first.set)  # each waits for what the other is asked
    other = threads.start(first.wait, second.set)
    threads.end(one, other)
    assert not (one.is_alive() or other.is_alive())
