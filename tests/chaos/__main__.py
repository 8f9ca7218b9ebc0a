"""`python -m tests.chaos --seconds 180 --seed 7`: faults at random on a real stack, and whether it survives.

A local stack of its own; a machine of its own (tests/support/machine.py) with a Docker daemon; two
controllers, Docker and a fake platform in a file for the bulk, with two agents each; all intervals divided by
20. Clients create, hibernate, wake and delete while agents, API, emulator, relay, runner, Docker, disks,
network and instances fail. Then the faults end, and nothing may be lost, doubled, orphaned or stuck.

`site.py` is what runs, `faults.py` what goes wrong, `clients.py` who wants something, `checks.py` what must
hold, over what `reality.py` saw, `run.py` the course of it. Needs root and Docker, for namespaces and images.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import Plan, endure


def main() -> int:
    """0 if all was well at the end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = _options()
    plan = Plan(seconds=options.seconds, seed=options.seed, every=options.every)
    result = endure(plan, options.logs or Path(tempfile.mkdtemp(prefix="streamspace-chaos-")))
    print(result.table())
    print(result.line())
    return 0 if result.survived else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seconds", type=float, default=180, help="how long things go wrong")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what goes wrong, in which order")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between faults, about")
    parser.add_argument("--logs", type=Path, help="folder for what all processes say")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
