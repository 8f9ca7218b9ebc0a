"""What the product writes to its logs as a fault of its own: an exception that nobody expected."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.core.errors import DomainError
from chalicelib.core.telemetry import logger as plane_logger

_EXPECTED = (DomainError, BotoCoreError, ClientError, PynamoDBException)
"""A store in trouble is no fault."""


class _Ear(logging.Handler):
    def __init__(self, fault: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._fault = fault

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, _EXPECTED):
            self._fault(f"{record.getMessage()}: {type(error).__name__}: {error}")


@contextmanager
def heard(fault: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, such log entries are faults, and nothing is printed."""
    ear = _Ear(fault)
    loggers = [logging.getLogger("agent"), logging.getLogger(plane_logger.name or "")]
    before = [(each, each.handlers[:], each.propagate, each.level) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [ear], False
        each.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for each, handlers, propagate, level in before:
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)
