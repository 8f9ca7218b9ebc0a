"""Queue credentials are replaced while an agent polls, on an emulator that checks signatures and policies."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import boto3
import pytest

from agent.client.queue import AccessExpired, SqsQueue
from chalicelib.controllers.queues import Queues
from chalicelib.core.config import Config
from chalicelib.protocol.agents import QueueAccess
from infra.local.emulator.child import Emulator

MINE, THEIRS = "ctl-mine", "ctl-theirs"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder: Path = tmp_path_factory.mktemp("access")
    with Emulator(folder) as running:
        yield running


@pytest.fixture
def queues(emulator: Emulator) -> Queues:
    root = partial(
        boto3.client,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=emulator.access_key,
        aws_secret_access_key=emulator.secret_key,
    )
    made = Queues(replace(Config(), queue_endpoint=emulator.endpoint), root)
    for each in (MINE, f"{MINE}-1", THEIRS):
        made.erase(each)
        made.ensure(each)
    return made


class Renewed:
    """Credentials that are replaced while in use, as `Access` replaces them."""

    def __init__(self, queues: Queues) -> None:
        self.queues = queues
        self.now: QueueAccess = queues.access(MINE)

    def __call__(self) -> QueueAccess:
        return self.now

    def renew(self, queue: str = MINE) -> None:
        self.now = self.queues.access(queue)


async def sent(queues: Queues, *bodies: str, to: str = MINE) -> None:
    for body in bodies:
        await asyncio.to_thread(queues.send, to, body)


@pytest.mark.feature("Queue credentials are renewed under a long poll that is under way, without a gap")
async def test_a_poll_under_way_ends_on_the_old_credentials(queues: Queues) -> None:
    access = Renewed(queues)
    queue = SqsQueue(access)
    first = access.now
    polling = asyncio.create_task(queue.receive(limit=1, wait=10, visibility=30))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(access.renew)
    assert access.now.access_key_id != first.access_key_id
    # Another poll begins on the new ones while the old is still under way; each message reaches one of them.
    another = asyncio.create_task(queue.receive(limit=1, wait=10, visibility=30))
    await asyncio.sleep(0.3)
    assert not polling.done()
    await sent(queues, "one", "two")
    received = [*await polling, *await another]
    assert sorted(each.body for each in received) == ["one", "two"]
    for each in received:  # whichever credentials it came by
        await queue.delete(each)
    assert await queue.receive(limit=10, wait=0, visibility=30) == ()


async def test_no_message_is_missed_while_credentials_change_all_the_time(queues: Queues) -> None:
    access = Renewed(queues)
    queue, found = SqsQueue(access), []
    wanted = {f"message {number}" for number in range(40)}
    done = asyncio.Event()

    async def renewing() -> None:
        while not done.is_set():
            await asyncio.to_thread(access.renew)

    async def polling() -> None:
        while set(found) != wanted:
            for each in await queue.receive(limit=10, wait=2, visibility=30):
                found.append(each.body)
                await queue.delete(each)
        done.set()

    await asyncio.wait_for(asyncio.gather(renewing(), polling(), sent(queues, *sorted(wanted))), 60)
    assert sorted(found) == sorted(wanted)


async def test_another_tenants_queue_is_denied_with_old_and_new(queues: Queues) -> None:
    access = Renewed(queues)
    await sent(queues, "secret", to=THEIRS)
    theirs = queues.access(THEIRS).queue_url
    for _ in range(2):
        own = access.now

        def crossed(own: QueueAccess = own) -> QueueAccess:
            return own.model_copy(update={"queue_url": theirs})

        with pytest.raises(AccessExpired, match="AccessDenied"):
            await SqsQueue(crossed).receive(limit=1, wait=0, visibility=1)
        await asyncio.to_thread(access.renew)


async def test_a_replaced_queue_opens_to_none_of_the_old_credentials(queues: Queues) -> None:
    """What revocation does: the agent that is shut out keeps its credentials for an hour."""
    access = Renewed(queues)
    stolen = access.now
    queue = SqsQueue(access)
    polling = asyncio.create_task(queue.receive(limit=1, wait=3, visibility=30))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(queues.erase, MINE)
    began = time.monotonic()
    with contextlib.suppress(AccessExpired):
        assert await polling == ()  # it may come to its own end; the next one is told
    with pytest.raises(AccessExpired):
        await queue.receive(limit=1, wait=0, visibility=30)
    assert time.monotonic() - began < 5
    await asyncio.to_thread(access.renew, f"{MINE}-1")
    await sent(queues, "again", to=f"{MINE}-1")
    (message,) = await queue.receive(limit=1, wait=2, visibility=30)
    assert message.body == "again"

    def crossed() -> QueueAccess:
        return stolen.model_copy(update={"queue_url": access.now.queue_url})

    with pytest.raises(AccessExpired, match="AccessDenied"):
        await SqsQueue(crossed).receive(limit=1, wait=0, visibility=1)
