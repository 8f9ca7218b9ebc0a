"""Schedules: each function at its rate, never twice at once; a late one is not made up for."""

import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from infra.local.runner.registrations import Schedule
from infra.local.settings import ACCOUNT, REGION

log = logging.getLogger("runner.schedules")


def run(schedule: Schedule, divisor: float, stopping: threading.Event) -> None:
    """Until told to stop. The first call comes at once, so that a restart catches up."""
    interval = schedule.seconds / divisor
    due = time.monotonic()
    while not stopping.wait(max(0.0, due - time.monotonic())):
        due = max(due + interval, time.monotonic())
        try:
            schedule.function(event(schedule.name))
        except Exception:
            log.exception("%s failed; it runs again in %.1f s", schedule.name, interval)


def event(name: str) -> dict[str, Any]:
    """As EventBridge sends it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }
