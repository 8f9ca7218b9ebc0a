"""From an HTTP answer to a typed error (RFC 9457 problems; anything else is judged by its status)."""

import json
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import AwareDatetime, BaseModel, ValidationError

from agent.client import errors

_BY_CODE: dict[str, type[errors.ApiError]] = {
    # Says nothing about what was asked, and signed anew the call may be believed: a store whose answer was
    # lost takes the nonce that it has just remembered for a repeated one.
    "signature_invalid": errors.NotBelieved,
    "signature_expired": errors.NotBelieved,
    "epoch_superseded": errors.EpochSuperseded,
    "agent_revoked": errors.Revoked,
    "protocol_unsupported": errors.TooOld,
    "command_taken": errors.CommandTaken,
    "stale_fence": errors.StaleFence,
    "command_superseded": errors.Superseded,
    "session_busy": errors.SessionBusy,
    "controller_paused": errors.SessionBusy,
}
_BY_STATUS: dict[int, type[errors.ApiError]] = {
    404: errors.NotFound,
    410: errors.Finished,
    423: errors.SessionBusy,
    425: errors.Throttled,
    429: errors.Throttled,
    502: errors.Unreachable,
    503: errors.Unreachable,
    504: errors.Unreachable,
}


class _Problem(BaseModel):
    code: str = ""
    title: str = ""
    detail: str = ""
    server_time: AwareDatetime | None = None


@dataclass(frozen=True)
class Refusal:
    """An answer that is not a success. `server_time` is there if a clock is to blame."""

    error: errors.ApiError
    server_time: datetime | None = None


def read(response: httpx.Response) -> Refusal:
    """What the answer means."""
    problem = _problem(response)
    kind = _BY_CODE.get(problem.code) or _BY_STATUS.get(response.status_code)
    if kind is None:
        kind = errors.ServerFault if response.status_code >= 500 else errors.Refused
    detail = problem.detail or problem.title or f"HTTP {response.status_code} {response.reason_phrase}"
    error = kind(detail, code=problem.code, status=response.status_code, retry_after=_retry_after(response))
    return Refusal(error, problem.server_time)


def _problem(response: httpx.Response) -> _Problem:
    try:
        return _Problem.model_validate(json.loads(response.content))
    except (ValueError, ValidationError):
        return _Problem()


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; the HTTP-date form is not used by the control plane and ignored."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
