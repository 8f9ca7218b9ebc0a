"""`python -m infra.local up|run|down|status`."""

import sys

from infra.local.cli import main

sys.exit(main())
