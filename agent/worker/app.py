"""Composition of the whole agent: identity, client, queue, driver, streams, loops; and its life."""

import asyncio
import contextlib
import logging
import signal

from agent.client import errors
from agent.client.control import HttpControlPlane, http_client
from agent.client.identity import Enrolment, IdentityStore
from agent.client.keys import KeyRing
from agent.client.queue import SqsQueue
from agent.client.servertime import ServerClock, utc_now
from agent.config import AgentConfig
from agent.drivers.registry import open_driver
from agent.worker import status
from agent.worker.access import Access
from agent.worker.loops import Surroundings, Worker
from agent.worker.reach import Reach
from agent.worker.runtime import Runtime, Threads
from agent.worker.stream_plane import StreamPlane
from agent.worker.supervisor import Supervisor
from chalicelib.protocol.agents import CredentialsAnswer, Heartbeat

_log = logging.getLogger(__name__)


async def run_agent(config: AgentConfig, enrolment: Enrolment) -> errors.Fatal | None:
    """Serve the controller until TERM or INT (None) or until the control plane says to stop (why)."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    threads = Threads()
    runtime = Runtime(blocking=threads)
    clock = ServerClock()
    reach = Reach()
    answer = enrolment.answer
    driver = open_driver(
        enrolment.platform,
        answer.controller_id,
        cpu_overcommit=config.cpu_overcommit,
    )
    keys = KeyRing(IdentityStore(config.state), enrolment, now=clock.now)
    async with http_client(enrolment.url) as http:
        control = HttpControlPlane(http, keys, clock, spare=keys.spare)

        def granted(credentials: CredentialsAnswer) -> None:
            streams.granted(credentials)

        access = Access(
            control=control,
            clock=clock,
            reach=reach,
            runtime=runtime,
            timings=config.timings,
            granted=granted,
        )
        streams = StreamPlane(
            controller_id=answer.controller_id,
            driver=driver,
            folder=config.state / "streams",
            access=access,
            clock=clock,
            gateway_url=config.gateway_url,
        )
        worker = Worker(
            Surroundings(
                tenant_id=answer.tenant_id,
                controller_id=answer.controller_id,
                control=control,
                queue=SqsQueue(access.queue),
                driver=driver,
                access=access,
                reach=reach,
                clock=clock,
                runtime=runtime,
                timings=config.timings,
                folder=config.state / "worker",
                streams=streams,
                gateway_url=config.gateway_url,
                labels=config.labels,
                told=lambda beat: _tell(config, beat),
                keys=keys,
            )
        )
        plane = Supervisor(runtime=runtime, timings=config.timings)
        plane.start("streams", streams.run)
        worker.start()
        _log.info("Serving controller %s of %s.", answer.controller_id, enrolment.url)
        try:
            await _first(stop, worker.supervisor.ended)
            _log.info("Stopping; sessions go on running.")
            await worker.stop()
        finally:
            await plane.stop_all()
            threads.close()
            driver.close()
    return worker.supervisor.fatal


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not in the main thread: no signals
            loop.add_signal_handler(each, stop.set)


def _tell(config: AgentConfig, beat: Heartbeat) -> None:
    try:
        status.tell(config.state, utc_now(), beat)
    except OSError as error:
        _log.debug("The status file was not written: %s", error)
