"""`python -m tests.simulation --seeds N --start S --jobs J [--json]`: exit code 0 when nothing is violated.

`--json` prints one line of JSON and nothing else; without it a failing seed's shortest useful trace comes
first. `--seed N` runs one seed and prints its trace.
"""

import argparse
import os
import sys

from tests.simulation import environment  # noqa: F401 - before the product is imported


def main() -> int:
    """The command."""
    from tests.simulation.runner import run_many
    from tests.simulation.shrink import shrink, told
    from tests.simulation.world import Plan

    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", action="store_true", help="nothing but the line of JSON")
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--shrink", type=int, default=120, help="runs spent on a shorter trace")
    parser.add_argument("--seed", type=int, help="this one alone, with its trace")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _one(Plan(asked.seed), asked.shrink)
    report = run_many(range(asked.start, asked.start + asked.seeds), asked.jobs, stop_at_first=asked.first)
    if report.violations and not asked.json:
        seed = min(each for each, _ in report.violations)
        print(told(shrink(Plan(seed), asked.shrink)))
    print(report.line())
    return 1 if report.violations else 0


def _one(plan: object, tries: int) -> int:
    from tests.simulation.shrink import shrink, told
    from tests.simulation.world import Plan, run

    assert isinstance(plan, Plan)
    done = run(plan)
    if done.violation is None:
        for line in done.trace.of(""):
            print(line)
        print(f"seed {plan.seed}: {done.steps} steps, nothing violated, trace {done.trace.digest()}")
        return 0
    print(told(shrink(plan, tries) if tries else done))
    return 1


if __name__ == "__main__":
    sys.exit(main())
