"""`python -m tests.performance.bounds`: a table of what fits, for people; then one JSON line, for programs.

The exit status is 1 where something that should be linear is not.
"""

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tests.conftest  # noqa: F401 - the environment, which the product reads when it is imported
from tests.performance.bounds import carrying, commanding, holding, reconciling, sweeping
from tests.performance.bounds.cost import Cost, growth, steeper
from tests.performance.bounds.looking import looks
from tests.performance.bounds.report import table
from tests.performance.bounds.rig import Rig, control_plane
from tests.performance.bounds.site import opened

COUNTS = (1, 100, 1000, 5000)
FEW, MANY = 100, 1000
_COMMANDS = 50


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results: dict[str, Any] = {"looks": {str(count): asdict(looks(count)) for count in COUNTS}}
    counts = [each for each in COUNTS if each <= options.most]
    with control_plane() as rig:
        results |= _on(rig, counts)
    if not options.counted:
        with tempfile.TemporaryDirectory(prefix="streamspace-bounds-") as home, opened(Path(home)) as site:
            # In this order: the thousands that are held would be in the way of every list.
            _say("commands through one queue")
            results["carried"] = carrying.carried(site)
            _say("an agent's memory and idle CPU")
            results["held"] = holding.held(site)
    results["not_linear"] = [
        f"{name}: {each}" for name, ratios in results["growth"].items() for each in steeper(ratios)
    ]
    print(table(results))
    print(json.dumps(results))
    return 1 if results["not_linear"] else 0


def _on(rig: Rig, counts: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {"inventory": {}, "sweep": {}, "growth": {}}
    for case in reconciling.CASES:
        costs: dict[int, Cost] = {}
        for count in counts:
            _say(f"an inventory, {case}, {count}")
            each = reconciling.compared(rig, case, count)
            costs[count] = each.cost
            limits = {
                name: getattr(each, name) for name in ("largest_request", "largest_answer", "suspects_row")
            }
            found["inventory"].setdefault(case, {})[str(count)] = {**each.cost.rounded(), **limits}
        found["growth"][f"inventory, {case}"] = growth(costs[FEW], FEW, costs[MANY], MANY)
    swept = {}
    for count in (each for each in counts if each <= MANY):
        _say(f"a sweep, {count}")
        swept[count] = sweeping.swept(rig, count)
        found["sweep"][str(count)] = swept[count].rounded()
    found["growth"]["sweep"] = growth(swept[FEW], FEW, swept[MANY], MANY)
    _say("commands, one by one")
    commanded = commanding.commanded(rig, _COMMANDS)
    found["command"] = {
        "agent_calls": {name: calls / _COMMANDS for name, calls in commanded.calls.items()},
        "queue_calls": commanded.cost.queue_calls / _COMMANDS,
        "read_units": commanded.cost.read_units / _COMMANDS,
        "write_units": commanded.cost.write_units / _COMMANDS,
    }
    found["slots"] = asdict(commanding.crowded(rig))
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.bounds")
    parser.add_argument("--counted", action="store_true", help="only what needs no processes of its own")
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="leave out larger numbers of sessions")
    return parser.parse_args()


def _say(what: str) -> None:
    print(f"bounds: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
