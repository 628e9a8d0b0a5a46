"""Programs started to read or write media, held to limits while they do.

Each is in a session of its own: Ctrl-C in a terminal reaches this program, which then ends them,
and is not first heard of as a broken pipe.

The kernel keeps the limits, whatever a file makes a decoder do; where there is no such kernel
(macOS, Windows) only the limits of `ostnet.media.timeouts` hold.
"""

import contextlib
import subprocess
from typing import IO, Any

from ostnet.media.limits import LONGEST_LOG, MOST_FILES, DecoderLimits

resource: Any
try:
    import resource
except ImportError:  # Windows
    resource = None

MEGABYTE = 1 << 20

UNWINDING = 5
"""Seconds of processor time that a program has to end by itself when its own are used up."""

STARVED = (b"annot allocate memory", b"ould not allocate memory", b"temporarily unavailable")
"""What ffmpeg says when memory, or a thread for want of it, is refused."""


def start_decoder(command: list[str], log: IO[bytes]) -> subprocess.Popen:
    """Start a program that reads a stranger's file and writes nothing but a pipe and its log."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, bufsize=MEGABYTE, start_new_session=True
    )
    limits = DecoderLimits.here()
    _hold(process, "CPU", limits.seconds, limits.seconds + UNWINDING)
    _hold(process, "FSIZE", LONGEST_LOG)
    _hold_both(process, limits)
    return process


def start_encoder(command: list[str], **pipes) -> subprocess.Popen:
    """Start a program that also writes a file, for as long as its caller feeds it."""
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    _hold_both(process, DecoderLimits.here())
    return process


def broken_limit(process: subprocess.Popen, log: bytes) -> str | None:
    """Which limit has ended a decoder, in words that say what to do; None: no limit has."""
    limits = DecoderLimits.here()
    # 244, 245: ENOMEM and EAGAIN as ffmpeg's
    if process.returncode in (244, 245) or any(words in log for words in STARVED):
        return f"it needs more than {limits.memory} MB to decode; give a smaller one"
    if resource is None or process.returncode is None:
        return None
    import signal

    # 255: ffmpeg was asked to stop
    if process.returncode in (255, -signal.SIGXCPU):
        return f"the decoder worked on it for {limits.seconds} seconds; give a shorter one"
    if process.returncode == -signal.SIGXFSZ:
        return "the decoder complains of it without end; convert it first"
    return None


def _hold_both(process: subprocess.Popen, limits: DecoderLimits) -> None:
    _hold(process, "DATA", limits.memory * MEGABYTE)
    _hold(process, "NOFILE", MOST_FILES)
    _hold(process, "CORE", 0)


def _hold(process: subprocess.Popen, kind: str, soft: int, hard: int | None = None) -> None:
    """Limit a process that has just been started, as `prlimit(1)` does; it may have ended."""
    if resource is None or not hasattr(resource, "prlimit"):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
        which = getattr(resource, f"RLIMIT_{kind}")
        most = resource.prlimit(process.pid, which)[1]
        if most == resource.RLIM_INFINITY:
            most = hard or soft
        # where somebody has held us to less, that stays
        resource.prlimit(process.pid, which, (min(soft, most), min(hard or soft, most)))
