"""One batch at a time writes a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ostnet.errors import InputError

NAME = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made where it is missing, until the block ends.

    The operating system lets go of it when the process dies, however that happens.

    Raises:
        InputError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"output: another batch is writing '{folder}'; wait for its end, or choose another "
            "folder"
        ) from error
    try:
        yield
    finally:
        (folder / NAME).unlink(missing_ok=True)
        lock.release()
