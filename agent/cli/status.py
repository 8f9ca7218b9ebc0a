"""`status`: who this agent is, whether it runs, and what it last told the control plane."""

import json
from datetime import UTC, datetime
from pathlib import Path

from agent.cli import exits
from agent.client.identity import Enrolment, IdentityStore, IdentityUnreadable
from agent.worker import status
from chalicelib.protocol.agents import Health, PartHealth

_NOT_RUNNING = 3
"""As `systemctl status` says it."""


def command(state: Path, *, as_json: bool) -> int:
    """Print it; 0 only if the agent is enrolled, runs and finds all its parts well."""
    try:
        known = IdentityStore(state).enrolment()
    except IdentityUnreadable as error:
        print(error)
        return exits.FAILED
    if known is None:
        print(f"No agent is enrolled in {state}.")
        return _NOT_RUNNING
    pid, beat = status.holder(state), status.told(state)
    print(_as_json(known, pid, beat) if as_json else _as_text(state, known, pid, beat))
    if pid is None:
        return _NOT_RUNNING
    well = beat is not None and all(part.state is Health.OK for part in _parts(beat).values())
    return exits.OK if well else exits.FAILED


def _parts(beat: status.LastBeat) -> dict[str, PartHealth]:
    last = beat.heartbeat
    return {"polling": last.polling, "platform": last.platform, "streaming": last.streaming}


def _as_text(state: Path, known: Enrolment, pid: int | None, beat: status.LastBeat | None) -> str:
    lines = [
        f"controller     {known.answer.controller_id} ({known.platform})",
        f"control plane  {known.url}",
        f"state          {state}",
        f"process        {f'running, pid {pid}' if pid is not None else 'not running'}",
    ]
    if beat is not None:
        ago = (datetime.now(UTC) - beat.at).total_seconds()
        lines.append(f"last heartbeat {ago:.0f} s ago, {beat.heartbeat.instances} instances running")
        lines += [f"{name:<14} {_words(part)}" for name, part in _parts(beat).items()]
    return "\n".join(lines)


def _words(part: PartHealth) -> str:
    return "ok" if part.reason is None else f"failing: {part.reason.message}"


def _as_json(known: Enrolment, pid: int | None, beat: status.LastBeat | None) -> str:
    return json.dumps(
        {
            "controller_id": known.answer.controller_id,
            "agent_id": known.answer.agent_id,
            "platform": known.platform,
            "url": known.url,
            "pid": pid,
            "last": None if beat is None else beat.model_dump(mode="json"),
        }
    )
