"""What one queue sustains: commands that wait on it, carried to running sessions by one agent and by two that
compete; and, in turn with them, the same messages received and deleted by nobody in particular."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from tests.performance.bounds.site import Agent, Site, moment

COMMANDS = 100
ROUNDS = 2
_BATCH = 10


@dataclass(frozen=True)
class Carried:
    """Medians of a few rounds. `queued`: of commands that waited; `asked`: from the first request on."""

    agents: int
    queued_per_second: float
    asked_per_second: float
    median_seconds: float
    slowest_seconds: float
    plain_per_second: float


def carried(site: Site) -> dict[str, Any]:
    """With one agent, then with another beside it."""
    first = site.agent("one")
    alone = _carried(site, [first])
    both = _carried(site, [first, site.agent("two", beside=first)])
    return {
        "commands": COMMANDS,
        "one_agent": asdict(alone),
        "two_agents": asdict(both),
        "two_to_one": round(both.queued_per_second / alone.queued_per_second, 2),
        "plain_to_one": round(alone.plain_per_second / alone.queued_per_second, 1),
    }


def _carried(site: Site, agents: list[Agent]) -> Carried:
    queued, asked, plain, taken = [], [], [], []
    for _ in range(ROUNDS):
        plain.append(_plain(site, len(agents)))
        queued.append(_queued(site, agents))
        rate, seconds = _asked(site, agents[0].controller_id)
        asked.append(rate)
        taken += seconds
    return Carried(
        len(agents),
        *(round(statistics.median(each), 1) for each in (queued, asked)),
        median_seconds=round(statistics.median(taken), 2),
        slowest_seconds=round(max(taken), 2),
        plain_per_second=round(statistics.median(plain), 1),
    )


def _queued(site: Site, agents: list[Agent]) -> float:
    """Commands a second, once the agents are let go."""
    for each in agents:
        each.hold()
    ids = site.create(agents[0].controller_id, COMMANDS)
    began = time.time()
    for each in agents:
        each.go_on()
    rate = COMMANDS / (_last(site.all_running(ids)) - began)
    site.end(ids)
    return rate


def _asked(site: Site, controller_id: str) -> tuple[float, list[float]]:
    """Sessions a second while people ask for them, and how long each took."""
    began = time.time()
    ids = site.create(controller_id, COMMANDS)
    views = site.all_running(ids)
    rate = COMMANDS / (_last(views) - began)
    site.end(ids)
    return rate, [moment(each["started_at"]) - moment(each["created_at"]) for each in views]


def _last(views: list[dict[str, Any]]) -> float:
    return max(moment(each["started_at"]) for each in views)


def _plain(site: Site, consumers: int) -> float:
    """Messages a second, received by tens and deleted one by one as an agent does, from a queue on the same
    emulator."""
    sqs = site.stack.sqs()
    url = sqs.create_queue(QueueName=f"bounds-plain-{time.monotonic_ns()}")["QueueUrl"]
    body = '{"tenant_id":"ten-01kb3q7v5e8m2n4p6r8t0w0000","command_id":"cmd-01kb3q7v5e8m2n4p6r8t0w0000"}' * 2
    for first in range(0, COMMANDS, _BATCH):
        entries = [{"Id": str(first + each), "MessageBody": body} for each in range(_BATCH)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def consume(client: Any) -> int:
        count = 0
        while found := client.receive_message(QueueUrl=url, MaxNumberOfMessages=_BATCH).get("Messages"):
            for each in found:
                client.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
                count += 1
        return count

    clients = [site.stack.sqs() for _ in range(consumers)]
    began = time.perf_counter()
    with ThreadPoolExecutor(consumers) as pool:
        assert sum(pool.map(consume, clients)) == COMMANDS
    taken = time.perf_counter() - began
    sqs.delete_queue(QueueUrl=url)
    return COMMANDS / taken
