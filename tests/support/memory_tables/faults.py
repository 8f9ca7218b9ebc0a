"""What hooks may raise: the errors that botocore makes of a DynamoDB in trouble."""

from botocore.exceptions import ClientError, EndpointConnectionError

from tests.support.memory_tables.refusals import Reason, canceled, refused


class AnswerLost(Exception):
    """Raised by `after`: the call took effect, its answer did not arrive. It is sent again, as botocore does
    (three times in all, and a transaction under the token of its first), and then given up."""


def throttled(operation: str) -> ClientError:
    """For `before`; botocore's own attempts are behind it."""
    return refused(operation, "ThrottlingException", "Throughput exceeds the current capacity of the table")


def write_conflict(operation: str) -> ClientError:
    """A single write that met a transaction over its row."""
    return refused(operation, "TransactionConflictException", "Transaction is ongoing for the item")


def transaction_conflict(items: int, at: int = 0) -> ClientError:
    """A transaction of so many items, one of which met another transaction."""
    conflict = Reason("TransactionConflict", "Transaction is ongoing for the item")
    return canceled([conflict if each == at else Reason() for each in range(items)])


def transaction_in_progress() -> ClientError:
    """The transaction with this token is not done yet."""
    return refused(
        "TransactWriteItems",
        "TransactionInProgressException",
        "The transaction with the given request token is already in progress.",
    )


def unreachable() -> EndpointConnectionError:
    """For `before`: nobody is there. Nothing took effect."""
    return EndpointConnectionError(endpoint_url="memory://tables")
