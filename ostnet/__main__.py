"""``python -m ostnet`` is the command ``ostnet``."""

import sys

from ostnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
