"""`python -m infra.local.runner`. STREAMSPACE_INTERVAL_DIVISOR makes schedules run more often."""

import importlib
import logging
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from infra.local.runner import queues, schedules
from infra.local.runner.checkpoints import Checkpoints
from infra.local.runner.registrations import Queue, Registration, Schedule, Stream, calls, registrations
from infra.local.runner.streams import Changes, Reader
from infra.local.settings import REGION

log = logging.getLogger("runner")
_FINISH_SECONDS = 5


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    found = registrations(importlib.import_module("app").app)
    threads = [threading.Thread(target=work, daemon=True) for work in _works(found, stopping)]
    for thread in threads:
        thread.start()
    log.info("running %s", ", ".join(sorted(each.name for each in found)) or "nothing")
    stopping.wait()
    calls.wait(_FINISH_SECONDS)


def _works(found: list[Registration], stopping: threading.Event) -> list[Callable[[], None]]:
    divisor = float(os.environ.get("STREAMSPACE_INTERVAL_DIVISOR") or 1)
    dynamodb, streams, sqs = (_client(name) for name in ("dynamodb", "dynamodbstreams", "sqs"))
    Checkpoints.create_table(dynamodb)
    changes = Changes(os.environ["AWS_ENDPOINT_URL"])
    works: list[Callable[[], None]] = [lambda: changes.watch(stopping)]
    readers: dict[str, list[str]] = defaultdict(list)
    for each in found:
        if isinstance(each, Schedule):
            works.append(lambda each=each: schedules.run(each, divisor, stopping))  # type: ignore[misc]
        elif isinstance(each, Queue):
            works.append(lambda each=each: queues.run(each, sqs, stopping))  # type: ignore[misc]
        elif isinstance(each, Stream):
            readers[each.table].append(each.name)
            reader = Reader(each, dynamodb, streams, changes)
            works.append(lambda reader=reader: reader.run(stopping))  # type: ignore[misc]
    for table, names in readers.items():
        Checkpoints(dynamodb, table).register(names)
    return works


def _client(service: str) -> Any:
    config = Config(
        retries={"total_max_attempts": 3}, connect_timeout=2, read_timeout=30, max_pool_connections=40
    )
    make: Any = boto3.client
    return make(service, region_name=REGION, config=config)


if __name__ == "__main__":
    main()
