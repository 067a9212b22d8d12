"""`python -m busybody_elastic` is `busybody-elastic`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
