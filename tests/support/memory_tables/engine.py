"""`MemoryTables`: what answers a DynamoDB call."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ReadTimeoutError
from pynamodb.models import Model

from tests.support.memory_tables.calls import Call, Change
from tests.support.memory_tables.faults import AnswerLost
from tests.support.memory_tables.querying import Late, projected, query, scan
from tests.support.memory_tables.refusals import condition_failed, invalid, refused
from tests.support.memory_tables.rows import Table
from tests.support.memory_tables.schema import schemas
from tests.support.memory_tables.transactions import Tokens, plan
from tests.support.memory_tables.values import Item
from tests.support.memory_tables.writing import Planned, planned

Answer = dict[str, Any]
Hook = Callable[[Call], None]
_ATTEMPTS = 3
"""How often botocore sends a call whose answer does not come (`TableMeta.max_retry_attempts`)."""


class MemoryTables:
    """All tables of all models, empty at first. Calls are atomic, from threads and greenlets alike; hooks run
    outside of that, so they may wait, switch, or raise."""

    before: Hook | None = None
    """Called before a call takes effect; what it raises keeps it from doing so."""
    after: Hook | None = None
    """Called after it; what it raises takes its answer away."""
    stale: Callable[[Call], bool] | None = None
    """Whether a read that is not consistent sees recently changed rows as they were before."""
    watch: Callable[[list[Change]], None] | None = None
    """Told of what each call changed, before `after`."""
    lag: float = 2.0
    """For how many seconds of `clock` a change may stay unseen by stale readers."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        """`clock`, in seconds, says how long tokens and previous versions are remembered."""
        self.tables = {name: Table(schema, clock) for name, schema in schemas().items()}
        self._tokens = Tokens(clock)
        self._lock = threading.Lock()

    def rows(self, model: type[Model]) -> list[Item]:
        """Everything in a model's table, in the order of its keys."""
        table = self.tables[str(model.Meta.table_name)]
        with self._lock:
            return [table.items[key] for key in sorted(table.items)]

    def expire(self, now: float) -> int:
        """Remove what expired, as DynamoDB does some time or other; `now` in seconds since 1970."""
        gone = 0
        with self._lock:
            for table in self.tables.values():
                if table.schema.ttl:
                    late = [key for key, item in table.items.items() if "ttl" in item]
                    for key in late:
                        if float(table.items[key]["ttl"]["N"]) < now:
                            table.replace(key, None)
                            gone += 1
        return gone

    def call(self, operation: str, arguments: dict[str, Any]) -> Answer:
        """As botocore's client would: a call is sent again when its answer is lost."""
        call = Call(operation, arguments)
        done = False
        for _ in range(_ATTEMPTS):
            if self.before is not None:
                self.before(call)
            # A transaction carries a token of botocore's if not of ours: once done, it is not done again.
            answer = {} if done else self._perform(call)
            done = operation == "TransactWriteItems"
            try:
                if self.after is not None:
                    self.after(call)
            except AnswerLost:
                continue
            return answer
        raise ReadTimeoutError(endpoint_url="memory://tables")

    def _perform(self, call: Call) -> Answer:
        changes: list[Change] = []
        late = self.stale is not None and not call.consistent and self.stale(call)
        with self._lock:
            answer = self._answer(call, changes, late=late)
        if changes and self.watch is not None:
            self.watch(changes)
        return answer

    def _answer(self, call: Call, changes: list[Change], *, late: bool) -> Answer:
        operation, asked = call.operation, call.arguments
        match operation:
            case "GetItem":
                item = self._found(asked["TableName"], asked["Key"], late=late)
                return {} if item is None else {"Item": projected(item, asked)}
            case "Query" | "Scan":
                table = self._table(asked["TableName"])
                old: Late = table.late(self.lag) if late else {}
                return (query if operation == "Query" else scan)(table, asked, old)
            case "PutItem" | "UpdateItem" | "DeleteItem":
                return self._single(operation, asked, changes)
            case "TransactWriteItems":
                self._transact(asked, changes)
                return {}
            case "BatchGetItem":
                found = {
                    name: list(self._several(name, each, late=late))
                    for name, each in asked["RequestItems"].items()
                }
                return {"Responses": found, "UnprocessedKeys": {}}
            case "BatchWriteItem":
                for name, kind, each in call.items:
                    self._do(planned(self._table(name), kind, each), changes)
                return {"UnprocessedItems": {}}
            case _:
                raise ValueError(f"not here: {operation}")

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise refused("", "ResourceNotFoundException", f"Requested resource not found: Table: {name}")
        return self.tables[name]

    def _found(self, name: str, key: Item, *, late: bool) -> Item | None:
        table = self._table(name)
        if key.keys() != set(table.schema.key.names):
            raise invalid("The provided key element does not match the schema")
        at = table.schema.key_of(key)
        if late:
            old = table.late(self.lag)
            if at in old:
                return old[at]
        return table.items.get(at)

    def _several(self, name: str, asked: dict[str, Any], *, late: bool) -> Iterator[Item]:
        # PynamoDB asks in the order of a set, which no two processes share.
        for key in sorted(asked["Keys"], key=repr):
            item = self._found(name, key, late=late and not asked.get("ConsistentRead"))
            if item is not None:
                yield projected(item, asked)

    def _single(self, operation: str, asked: dict[str, Any], changes: list[Change]) -> Answer:
        wanted = planned(self._table(asked["TableName"]), operation.removesuffix("Item"), asked)
        if not wanted.held:
            shown = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise condition_failed(operation, wanted.before if shown else None)
        self._do(wanted, changes)
        match asked.get("ReturnValues", "NONE"):
            case "ALL_NEW" if wanted.after is not None:
                return {"Attributes": dict(wanted.after)}
            case "ALL_OLD" if wanted.before is not None:
                return {"Attributes": dict(wanted.before)}
            case "ALL_NEW" | "ALL_OLD" | "NONE":
                return {}
            case other:
                raise ValueError(f"not here: {other}")

    def _transact(self, asked: dict[str, Any], changes: list[Change]) -> None:
        token, items = asked.get("ClientRequestToken"), asked["TransactItems"]
        if token is not None and self._tokens.known(token, items):
            return
        for each in plan(self.tables, items):
            self._do(each, changes)
        if token is not None:
            self._tokens.remember(token, items)

    @staticmethod
    def _do(wanted: Planned, changes: list[Change]) -> None:
        if wanted.writes:
            wanted.table.replace(wanted.key, wanted.after)
            changes.append(Change(wanted.table.schema.name, wanted.before, wanted.after))
