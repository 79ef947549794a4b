"""`python -m router` is `zhiban`."""

import sys

from router.cli import main

sys.exit(main())
