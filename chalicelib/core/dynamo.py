"""Units of work, tables and connections on PynamoDB. The only module of core that knows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pynamodb.exceptions import DeleteError, PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.core import trail
from chalicelib.core.config import config
from chalicelib.core.connection import SharedConnection, share
from chalicelib.core.errors import Unavailable
from chalicelib.core.retry import pause, rest
from chalicelib.core.unit_of_work import ConditionFailed, Refusal, Write

share()

M = TypeVar("M", bound=Model)
Entry = Callable[[trail.Trail], Write]
CONFLICTS = 10
"""Attempts before a transaction that keeps conflicting is given up: about two seconds of jittered pauses."""
_RETRYABLE = frozenset(
    {
        "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
        # The same, as a write on its own is refused.
        "TransactionConflictException", "ThrottlingException", "ProvisionedThroughputExceededException",
    }
)  # fmt: skip


class TableMeta:
    """Base of every model's `Meta`: on-demand billing and time-outs that suit a request, not a batch."""

    region = config().region
    billing_mode = "PAY_PER_REQUEST"
    connect_timeout_seconds = 2
    read_timeout_seconds = 5
    max_retry_attempts = 3
    max_pool_connections = 40


def new_connection() -> SharedConnection:
    """For requests over several tables; its client is the one that all models share."""
    return SharedConnection(
        region=TableMeta.region,
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
        max_pool_connections=TableMeta.max_pool_connections,
    )


def table(name: str) -> str:
    """The deployed name of a table: `sessions` -> `streamspace-sessions`."""
    return f"{config().table_prefix}{name}"


@dataclass(frozen=True)
class Put(Generic[M]):
    """Write a whole row. Without a condition this replaces whatever is there."""

    row: M
    condition: Condition | None = None


@dataclass(frozen=True)
class Update(Generic[M]):
    """Change a row in place. The condition is required: PynamoDB's update would create a missing row."""

    row: M
    actions: tuple[Action, ...]
    condition: Condition


@dataclass(frozen=True)
class Delete(Generic[M]):
    row: M
    condition: Condition | None = None


@dataclass(frozen=True)
class Check(Generic[M]):
    """Only look: the unit of work fails unless the condition holds."""

    model: type[M]
    hash_key: Any
    range_key: Any
    condition: Condition


Request = Put[Any] | Update[Any] | Delete[Any] | Check[Any]
_ORDER: tuple[type, ...] = (Check, Delete, Put, Update)


def write(request: Request, refused: Refusal | None = None) -> Write:
    """A typed way to make a `Write` of this storage."""
    return Write(request, refused)


def _request(item: Write) -> Request:
    assert isinstance(item.request, Put | Update | Delete | Check), "a write of another storage"  # noqa: S101
    return item.request


class DynamoUnitOfWork:
    """`UnitOfWork` on TransactWriteItems; a single write goes out alone, at half the price."""

    def __init__(self, *, sleep: Callable[[float], None] = rest, entry: Entry | None = None) -> None:
        """`entry` makes the write of an audited request's entry."""
        self._sleep = sleep
        self._entry = entry
        self._connection: SharedConnection | None = None

    def commit(self, writes: Sequence[Write], *, token: str | None = None, aside: bool = False) -> None:
        if not writes:
            return
        audited = None if aside else trail.current()
        if audited is None or not audited.pending or self._entry is None:
            self._commit(writes, token)
            return
        self._commit([*writes, self._entry(audited)], token)
        audited.written = True

    def _commit(self, writes: Sequence[Write], token: str | None) -> None:
        if len(writes) == 1 and not isinstance(_request(writes[0]), Check):
            self._single(writes[0])
            return
        for attempt in range(CONFLICTS):
            try:
                self._transact(writes, token)
                return
            except TransactWriteError as error:
                self._raise_refusal(writes, error)
                if not _may_retry(error):
                    raise Unavailable(
                        "The store did not accept the change. Please try again.", retry_after=1
                    ) from error
                self._sleep(pause(attempt, base=0.02))
        raise _crowded()

    def _single(self, item: Write) -> None:
        request = _request(item)
        for attempt in range(CONFLICTS):
            try:
                if isinstance(request, Put):
                    request.row.save(condition=request.condition)
                elif isinstance(request, Update):
                    request.row.update(actions=list(request.actions), condition=request.condition)
                elif isinstance(request, Delete):
                    request.row.delete(condition=request.condition)
                return
            except (PutError, UpdateError, DeleteError) as error:
                if error.cause_response_code == "ConditionalCheckFailedException":
                    raise _refusal(item) from None
                if error.cause_response_code not in _RETRYABLE:
                    raise
                self._sleep(pause(attempt, base=0.02))
        raise _crowded()

    def _transact(self, writes: Sequence[Write], token: str | None) -> None:
        with TransactWrite(connection=self._connect(), client_request_token=token) as transaction:
            for item in writes:
                request = _request(item)
                if isinstance(request, Put):
                    transaction.save(request.row, condition=request.condition)
                elif isinstance(request, Update):
                    transaction.update(
                        request.row, actions=list(request.actions), condition=request.condition
                    )
                elif isinstance(request, Delete):
                    transaction.delete(request.row, condition=request.condition)
                else:
                    transaction.condition_check(
                        request.model, request.hash_key, request.range_key, condition=request.condition
                    )

    def _connect(self) -> SharedConnection:
        if self._connection is None:
            self._connection = new_connection()
        return self._connection

    def _raise_refusal(self, writes: Sequence[Write], error: TransactWriteError) -> None:
        # PynamoDB sends checks, deletes, puts and updates in that order, and the reasons come in it; the
        # caller gets the first refusal in the order of its own list.
        sent = sorted(range(len(writes)), key=lambda each: _ORDER.index(type(_request(writes[each]))))
        reasons = zip(sent, error.cancellation_reasons, strict=False)
        failed = [each for each, reason in reasons if reason and reason.code == "ConditionalCheckFailed"]
        if failed:
            raise _refusal(writes[min(failed)]) from None


def _crowded() -> Unavailable:
    return Unavailable("Too many others are changing this at once. Please try again.", retry_after=1)


def _refusal(item: Write) -> Exception:
    return item.refused() if item.refused is not None else ConditionFailed()


def _may_retry(error: TransactWriteError) -> bool:
    if error.cause_response_code in ("TransactionInProgressException", "ThrottlingException"):
        return True
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
    return bool(codes & _RETRYABLE)


__all__ = [
    "Check",
    "Delete",
    "DynamoUnitOfWork",
    "Put",
    "PynamoDBException",
    "TableMeta",
    "Update",
    "new_connection",
    "table",
    "write",
]
