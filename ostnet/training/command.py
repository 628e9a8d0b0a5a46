"""How the commands of this package end: ``python -m ostnet.training`` and its neighbours."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ostnet.errors import InputError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """A user's error becomes one line on standard error and exit code 2."""
    try:
        yield
    except (InputError, OSError) as error:
        print("ostnet: error:", " ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(2) from None
