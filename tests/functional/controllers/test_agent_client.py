"""The agent's own client against the control plane: enrolment, clock correction, epochs."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.client import errors
from agent.client.control import HttpControlPlane
from agent.client.enrolment import enroll
from agent.client.identity import IdentityStore
from agent.client.servertime import ServerClock
from agent.client.signing import Signer
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Backend, CredentialsRequest, Heartbeat, InventoryReport
from tests.support.fake_agent import FakeAgent, enrollment_token
from tests.support.lambda_client import LambdaClient

URL = "http://localhost:8080"
OFF = timedelta(hours=3)


@pytest.fixture
def http(client: LambdaClient) -> httpx.AsyncClient:
    """The agent's HTTP client, joined to the Lambda handler."""

    def serve(request: httpx.Request) -> httpx.Response:
        answer = client(request.method, request.url.path, raw=request.read(), headers=dict(request.headers))
        return httpx.Response(answer.status, headers=answer.headers, text=answer.text)

    return httpx.AsyncClient(base_url=URL, transport=httpx.MockTransport(serve))


def test_an_agent_with_a_wrong_clock_enrols_boots_and_reports(
    client: LambdaClient, tenant: Any, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    store = IdentityStore(tmp_path)
    backend = Backend(platform="docker", id="daemon-clock", name="a host")
    token = enrollment_token(client, tenant.admin)

    async def live() -> None:
        enrolled = await enroll(http, store, url=URL, token=token, backend=backend, takeover=False)
        clock = ServerClock(lambda: datetime.now(UTC) - OFF)
        answer = enrolled.enrolment.answer
        signer = Signer(store.key(), key_id=answer.key_id, authority=answer.authority, now=clock.now)
        control = HttpControlPlane(http, signer, clock)
        request = CredentialsRequest(boot_id="b1", protocol_version=PROTOCOL_VERSION, agent_version="0.1.0")
        granted = await control.credentials(request)
        agent = FakeAgent(client, store.key(), {}, "")
        agent.epoch = granted.epoch
        beat = Heartbeat.model_validate(agent.heartbeat())
        assert (await control.heartbeat(beat)).intervals.heartbeat > 0
        await control.credentials(request.model_copy(update={"boot_id": "b2"}))
        with pytest.raises(errors.EpochSuperseded):
            await control.heartbeat(beat)
        path = f"/v1/controllers/{answer.controller_id}"
        assert client("DELETE", path, token=tenant.admin).status == 204
        with pytest.raises(errors.Revoked):
            await control.heartbeat(beat)

    asyncio.run(live())


def test_a_clock_that_jumps_between_two_answers_is_corrected_by_the_refused_inventory(
    client: LambdaClient, tenant: Any, http: httpx.AsyncClient
) -> None:
    agent, jump = FakeAgent.online(client, tenant.admin), timedelta()
    clock = ServerClock(lambda: datetime.now(UTC) + jump)
    sent: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    http.event_hooks["request"].append(note)

    def report() -> InventoryReport:
        return InventoryReport(epoch=agent.epoch, started_at=clock.now(), instances=())

    async def live() -> None:
        named = agent.enrolment
        signer = Signer(agent.key, key_id=named["key_id"], authority=named["authority"], now=clock.now)
        control = HttpControlPlane(http, signer, clock)
        with pytest.raises(errors.Refused):
            await control.inventory(report())
        assert len(sent) == 1, "by the right clock it is wrong as well"
        assert (await control.inventory(report())).actions == ()

    jump = timedelta(seconds=90)  # its signatures are believed all the same
    asyncio.run(live())
