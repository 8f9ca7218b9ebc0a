"""What DynamoDB refuses, as botocore raises it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.support.memory_tables.values import Item


def refused(operation: str, code: str, message: str, **more: Any) -> ClientError:
    """The error that botocore makes of an answer that is none."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}},
        **more,
    }
    return ClientError(answer, operation)


def invalid(message: str, operation: str = "") -> ClientError:
    return refused(operation, "ValidationException", message)


def condition_failed(operation: str, item: Item | None = None) -> ClientError:
    more = {} if item is None else {"Item": item}
    return refused(operation, "ConditionalCheckFailedException", "The conditional request failed", **more)


@dataclass(frozen=True)
class Reason:
    """Why one item of a transaction stood in its way; code `None` where it did not."""

    code: str = "None"
    message: str | None = None
    item: Item | None = None


def canceled(reasons: Sequence[Reason]) -> ClientError:
    codes = ", ".join(each.code for each in reasons)
    told: list[dict[str, Any]] = []
    for each in reasons:
        reason: dict[str, Any] = {"Code": each.code}
        if each.message is not None:
            reason["Message"] = each.message
        if each.item is not None:
            reason["Item"] = each.item
        told.append(reason)
    return refused(
        "TransactWriteItems",
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=told,
    )
