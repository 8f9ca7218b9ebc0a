"""`enroll`: trade a token for an identity; harmless when repeated."""

import asyncio
import logging
import sys
from pathlib import Path

from agent.cli import exits
from agent.client import enrolment, errors
from agent.client.control import http_client
from agent.client.identity import Enrolment, IdentityStore, IdentityUnreadable
from agent.drivers.base import DriverError, TemporaryError
from agent.drivers.registry import detect_backend

_log = logging.getLogger(__name__)

_BETWEEN_TRIES = (1.0, 2.0, 4.0, 8.0, 15.0)


async def enroll_once(
    state: Path, *, url: str, token: str, platform: str, takeover: bool
) -> enrolment.Enrolled:
    """Raises errors.ApiError, enrolment.WrongState, IdentityUnreadable, DriverError."""
    backend = await asyncio.to_thread(detect_backend, platform)
    async with http_client(url) as http:
        return await enrolment.enroll(
            http, IdentityStore(state), url=url, token=token, backend=backend, takeover=takeover
        )


async def enroll_until_answered(
    state: Path, *, url: str, token: str, platform: str, takeover: bool
) -> Enrolment:
    """For an agent that starts together with what it needs: waits for the control plane and the platform.
    Raises what cannot change by waiting."""
    tries = 0
    while True:
        try:
            done = await enroll_once(state, url=url, token=token, platform=platform, takeover=takeover)
            return done.enrolment
        except (errors.Temporary, TemporaryError) as error:
            _log.warning("Not enrolled yet: %s", explained(error))
        await asyncio.sleep(_BETWEEN_TRIES[min(tries, len(_BETWEEN_TRIES) - 1)])
        tries += 1


def command(state: Path, *, url: str, token: str, platform: str, takeover: bool) -> int:
    """Print what happened; the exit status."""
    try:
        done = asyncio.run(enroll_once(state, url=url, token=token, platform=platform, takeover=takeover))
    except (errors.ApiError, enrolment.WrongState, IdentityUnreadable, DriverError, OSError) as error:
        print(f"Not enrolled: {explained(error)}", file=sys.stderr)
        return exits.FAILED
    answer = done.enrolment.answer
    print(f"{'Enrolled' if done.fresh else 'Already enrolled'} as controller {answer.controller_id}.")
    return exits.OK


def explained(error: Exception) -> str:
    """What to do about it, in words."""
    if isinstance(error, errors.ApiError):
        hint = " Add --takeover to replace it." if error.code == "backend_known" else ""
        return enrolment.advice(error) + hint
    if isinstance(error, DriverError):
        return error.reason.message
    return str(error)
