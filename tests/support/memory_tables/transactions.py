"""TransactWriteItems: all of its items, or none; and once for a token."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.support.memory_tables.refusals import Reason, canceled, invalid, refused
from tests.support.memory_tables.rows import Table
from tests.support.memory_tables.writing import Planned, planned

_MOST = 100
_TOKENS_LIVE = 600.0
"""Seconds that DynamoDB remembers a client request token."""
_FAILED = "The conditional request failed"


class Tokens:
    """Which transactions were done, by client request token."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._done: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def known(self, token: str, asked: list[Any]) -> bool:
        """Whether this was done before. Raises when the token stood for something else."""
        oldest = self._clock() - _TOKENS_LIVE
        while self._done and next(iter(self._done.values()))[0] < oldest:
            self._done.popitem(last=False)
        if token not in self._done:
            return False
        if self._done[token][1] != asked:
            raise refused(
                "TransactWriteItems",
                "IdempotentParameterMismatchException",
                "The request token was used with different parameters",
            )
        return True

    def remember(self, token: str, asked: list[Any]) -> None:
        self._done[token] = (self._clock(), asked)


def plan(tables: dict[str, Table], asked: list[dict[str, dict[str, Any]]]) -> list[Planned]:
    """What the transaction will do. Raises TransactionCanceledException with a reason for each item."""
    requests = [(kind, each) for item in asked for kind, each in item.items()]
    if not 0 < len(requests) <= _MOST:
        raise invalid("Member must have length less than or equal to 100", "TransactWriteItems")
    plans: list[Planned] = []
    reasons: list[Reason] = []
    for kind, each in requests:
        try:
            plans.append(planned(tables[each["TableName"]], kind, each))
        except ClientError as error:
            reasons.append(Reason("ValidationError", error.response["Error"].get("Message")))
            continue
        reasons.append(Reason() if plans[-1].held else _condition_failed(each, plans[-1]))
    rows = {(id(each.table), each.key) for each in plans}
    if len(rows) < len(plans):
        raise invalid("Transaction request cannot include multiple operations on one item")
    if any(each.code != "None" for each in reasons):
        raise canceled(reasons)
    return plans


def _condition_failed(asked: dict[str, Any], failed: Planned) -> Reason:
    shown = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Reason("ConditionalCheckFailed", _FAILED, failed.before if shown else None)
