"""The results as tables for people."""

from typing import Any

_COLUMNS = {
    "calls": "calls",
    "request_bytes": "request B",
    "answer_bytes": "answer B",
    "store_calls": "store calls",
    "read_units": "read",
    "write_units": "write",
    "queue_calls": "queue",
    "seconds": "seconds",
    "cpu_seconds": "CPU s",
    "longest_call": "longest",
}


def table(results: dict[str, Any]) -> str:
    """Everything that was measured, and what is not linear."""
    parts = [_costs(f"inventory, {case}", found) for case, found in results["inventory"].items()]
    parts.append(_costs("sweep", results["sweep"]))
    parts.append(_looks(results["looks"]))
    parts.append(_pairs("for each of 1,000 by each of 100 (1 is linear)", results["growth"]))
    parts.append(_pairs("one command, from create to running", {"each": results["command"]}))
    parts.append(_pairs("more starts at once than slots", {"an agent": results["slots"]}))
    if "held" in results:
        held = results["held"]
        parts.append(_pairs("one agent", {f"{each['sessions']}": each for each in held["boots"]}))
    if "carried" in results:
        carried = results["carried"]
        rows = {name: carried[name] for name in ("one_agent", "two_agents")}
        parts.append(_pairs("one queue", rows))
    verdict = ", ".join(results["not_linear"]) or "everything is linear"
    return "\n\n".join([*parts, verdict])


def _costs(title: str, found: dict[str, dict[str, Any]]) -> str:
    lines = [title, "sessions" + "".join(f"{name:>13}" for name in _COLUMNS.values())]
    for count, cost in found.items():
        lines.append(f"{count:>8}" + "".join(f"{cost[name]:>13,}" for name in _COLUMNS))
    return "\n".join(lines)


def _looks(found: dict[str, dict[str, Any]]) -> str:
    names = ("heartbeat", "watch", "inventory")
    lines = ["an agent's looks: instances shown, milliseconds"]
    for count, each in found.items():
        told = "".join(f"  {name} {each[name + '_shown']:,}, {each[name + '_ms']:.2f} ms" for name in names)
        lines.append(f"{count:>8}{told}")
    return "\n".join(lines)


def _pairs(title: str, rows: dict[str, dict[str, Any]]) -> str:
    lines = [title]
    for name, values in rows.items():
        lines.append(
            f"  {name}: " + ", ".join(f"{each.replace('_', ' ')} {value}" for each, value in values.items())
        )
    return "\n".join(lines)
