"""`python -m agent.cli.probe alive|ready`: for whatever restarts or replaces agents.

Asked every few seconds, so it loads the standard library alone (20 ms instead of 300).

`alive` fails only for a process that hangs or is gone: the running agent's event loop touches its lock every
few seconds, whether the control plane and the platform answer or not. `ready` fails until the agent is
enrolled and the control plane has answered a heartbeat in which all parts were well; an outage of the control
plane that lasts makes it fail as well, which says so to whoever replaces agents one by one, and harms nobody.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HUNG_AFTER = 60.0
"""Seconds without a touch. Twelve are missed by then (agent/worker/status.py)."""
STALE_AFTER = 900.0
"""Seconds since the last heartbeat was answered: three of the longest interval that the server sets."""
_PARTS = ("polling", "platform", "streaming")


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; the exit status."""
    if arguments not in (["alive"], ["ready"]):
        print("usage: python -m agent.cli.probe alive|ready", file=sys.stderr)
        return 2
    given = os.environ.get("STREAMSPACE_AGENT_STATE")
    if not given:
        print("STREAMSPACE_AGENT_STATE is not set.", file=sys.stderr)
        return 2
    state, now = Path(given), time.time()
    wrong = hung(state, now) or (unready(state, now) if arguments == ["ready"] else None)
    if wrong is not None:
        print(wrong)
        return 1
    return 0


def hung(state: Path, now: float) -> str | None:
    """Why the agent on that state folder is not alive; None if it is."""
    try:
        age = now - (state / "lock").stat().st_mtime
    except OSError:
        return f"No agent runs on {state}."
    return None if age < HUNG_AFTER else f"The agent has not moved for {age:.0f} s."


def unready(state: Path, now: float) -> str | None:
    """Why it does not serve; None if it does."""
    if not (state / "enrolment.json").exists():
        return "The agent is not enrolled yet."
    try:
        age = now - (state / "status.json").stat().st_mtime
        beat = json.loads((state / "status.json").read_bytes())["heartbeat"]
    except (OSError, ValueError, KeyError):
        return "The control plane has not answered a heartbeat yet."
    if age > STALE_AFTER:
        return f"The control plane has not answered for {age:.0f} s."
    failing = [f"{name}: {_why(beat[name])}" for name in _PARTS if beat.get(name, {}).get("state") != "ok"]
    return "; ".join(failing) or None


def _why(part: dict[str, dict[str, str]]) -> str:
    return (part.get("reason") or {}).get("message", "failing")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
