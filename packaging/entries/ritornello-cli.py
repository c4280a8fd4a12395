"""The command line's program, frozen."""

import sys

from core.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
