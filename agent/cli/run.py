"""`run`: serve until told to stop; enrols first if need be."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from typing import TypeVar

import uvloop

from agent.cli import exits
from agent.cli.enroll import enroll_until_answered, explained
from agent.client import enrolment, errors
from agent.client.identity import Enrolment, IdentityStore, IdentityUnreadable
from agent.config import DEFAULT_PLATFORM, AgentConfig
from agent.drivers.base import DriverError
from agent.worker.app import run_agent
from agent.worker.status import AlreadyRunning, StateLock

_log = logging.getLogger(__name__)
_Done = TypeVar("_Done")


class NotEnrolled(Exception):
    """There is no identity, and nothing to get one with."""


def command(
    config: AgentConfig, *, url: str | None, token: str | None, platform: str | None, takeover: bool
) -> int:
    """Serve; the exit status."""
    try:
        with (
            StateLock(config.state) as lock,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            asked = _identity(config, url=url, token=token, platform=platform, takeover=takeover)
            known = runner.run(_with_pulse(lock, asked))
            fatal = runner.run(_with_pulse(lock, run_agent(config, known)))
            status = _said(fatal)
            _leave_if_threads_hang(status)
            return status
    except KeyboardInterrupt:
        return exits.OK
    except (AlreadyRunning, NotEnrolled, IdentityUnreadable, enrolment.WrongState) as error:
        print(error, file=sys.stderr)
        return exits.USAGE
    except (errors.ApiError, DriverError, OSError) as error:
        print(f"The agent cannot start: {explained(error)}", file=sys.stderr)
        return exits.of(error) if isinstance(error, errors.Fatal) else exits.FAILED


async def _with_pulse(lock: StateLock, work: Coroutine[None, None, _Done]) -> _Done:
    pulse = asyncio.create_task(lock.pulse())
    try:
        return await work
    finally:
        pulse.cancel()


async def _identity(
    config: AgentConfig, *, url: str | None, token: str | None, platform: str | None, takeover: bool
) -> Enrolment:
    """What is stored; else what the token gets."""
    known = IdentityStore(config.state).enrolment()
    if known is not None:
        if url is not None and known.url != url.rstrip("/"):
            raise enrolment.WrongState(f"{config.state} is enrolled with {known.url}, not with {url}.")
        return known
    if url is None or token is None:
        raise NotEnrolled(
            f"No agent is enrolled in {config.state}. Create a token on the Controllers page, then: "
            "python -m agent enroll --url URL --token TOKEN"
        )
    return await enroll_until_answered(
        config.state, url=url, token=token, platform=platform or DEFAULT_PLATFORM, takeover=takeover
    )


def _said(fatal: errors.Fatal | None) -> int:
    if fatal is None:
        return exits.OK
    _log.error("%s", exits.words(fatal))
    return exits.of(fatal)


def _leave_if_threads_hang(status: int) -> None:
    """A platform call that hangs (Docker does, now and then) would keep Python from ending: it waits for its
    pool's threads. Everything is stopped and on disk by now."""
    if any(each.name.startswith("driver") and each.is_alive() for each in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
