"""What of ministack's memory is journaled, and how it comes back.

ministack handles each request in one go on one thread, so what a request changed is collected while its
handler runs and appended as one entry before the answer leaves: after-images in commit order, never the
requests (replaying an ADD would count twice). An entry is all or nothing, so a transaction is, too.

Fields of an entry, all optional: `writes` (items: the new one, or null and the key), `events` (stream
records), `tokens` (results of transactions by client request token), `tables` and `ttls` (definitions),
`queues`, `sessions` (temporary credentials). A snapshot is a list of such entries.
"""

import importlib
import itertools
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from infra.local.emulator.journal import Entry, Journal

Handler = Callable[
    [str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[tuple[int, dict[str, str], Any]]
]

DYNAMODB_ACTIONS = frozenset(
    {
        *("CreateTable", "DeleteTable", "DescribeTable", "ListTables", "UpdateTable"),
        *("UpdateTimeToLive", "DescribeTimeToLive"),
        *("PutItem", "GetItem", "DeleteItem", "UpdateItem", "Query", "Scan"),
        *("BatchWriteItem", "BatchGetItem", "TransactWriteItems", "TransactGetItems"),
    }
)
"""Everything else is refused: what is not here might change memory in a way that nobody records."""
_UNKNOWN_OPERATION = b'{"__type":"UnknownOperationException","message":"This operation is not served here"}'
_TABLE_ACTIONS = frozenset({"CreateTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive"})
_QUEUE_ACTIONS = frozenset({"CreateQueue", "DeleteQueue", "SetQueueAttributes"})
_TABLE_TRANSIENT = frozenset({"items", "ItemCount", "TableSizeBytes"})
_QUEUE_TRANSIENT = frozenset({"messages", "dedup_cache", "fifo_seq"})
_ITEMS_PER_LINE = 200

dynamodb: Any = importlib.import_module("ministack.services.dynamodb")
sqs: Any = importlib.import_module("ministack.services.sqs")
sts: Any = importlib.import_module("ministack.services.sts")


class Recorder:
    """Wires the journal into ministack. `unrecorded` names tables whose items are not kept; `checkpoints`
    names the table in which the runner notes how far it has processed each stream."""

    def __init__(self, journal: Journal, *, unrecorded: frozenset[str], checkpoints: str) -> None:
        self._journal = journal
        self._unrecorded = unrecorded
        self._checkpoints = checkpoints
        self._thread = threading.get_ident()
        self._pending: Entry = {}
        self._sequence = itertools.count(1)
        self._last_sequence = 0
        self._on_event: Callable[[], None] = lambda: None

    @property
    def last_sequence(self) -> int:
        """Sequence number of the newest stream record of any table."""
        return self._last_sequence

    def restore(self) -> None:
        """Bring memory back to what it was; call before `attach`."""
        for entry in self._journal.replay():
            self._apply(entry)
        for table in dynamodb._tables.all_values():
            dynamodb._items_replaced(table)
        self._sequence = itertools.count(self._last_sequence + 1)

    def attach(self, on_event: Callable[[], None]) -> None:
        """From now on, see every change. `on_event` is called for each stream record."""
        self._on_event = on_event
        dynamodb._next_stream_seq = lambda: f"{next(self._sequence):030d}"
        dynamodb._set_item = self._seeing_put(dynamodb._set_item)
        dynamodb._remove_item = self._seeing_removal(dynamodb._remove_item)
        dynamodb._emit_stream_event = self._seeing_event(dynamodb._emit_stream_event)
        dynamodb._txn_token_store = self._seeing_token(dynamodb._txn_token_store)
        sts.register_session = self._seeing_session(sts.register_session)

    def recording(self, handler: Handler, service: str) -> Handler:
        """`handler`, whose changes are journaled before it answers."""

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> tuple[int, dict[str, str], Any]:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            if service == "dynamodb" and action not in DYNAMODB_ACTIONS:
                return 400, {"Content-Type": "application/x-amz-json-1.0"}, _UNKNOWN_OPERATION
            try:
                return await handler(method, path, headers, body, query)
            finally:
                if action in _TABLE_ACTIONS:
                    self._note_tables()
                elif action in _QUEUE_ACTIONS:
                    self._pending["queues"] = _queues()
                self._commit()

        return handle

    def state(self) -> Iterator[Entry]:
        """All that is kept, as entries; called in the compaction's child."""
        yield {"tables": _tables(), "ttls": _scoped(dynamodb._ttl_settings), "queues": _queues()}
        now = time.time()
        sessions = {key: value for key, value in sts._sessions.items() if _alive(value, now)}
        yield {"sessions": sessions, "tokens": _scoped(dynamodb._txn_idempotency)}
        for scope, table in dynamodb._tables.all_items():
            if table["TableName"] in self._unrecorded:
                continue
            items = (item for row in table["items"].values() for item in row.values())
            while chunk := list(itertools.islice(items, _ITEMS_PER_LINE)):
                yield {"writes": [[list(scope), item] for item in chunk]}
        for scope, records in dynamodb._stream_records.all_items():
            trimmed = dynamodb._stream_trimmed.get_scoped(*scope, 0)
            yield {"trimmed": [[list(scope), trimmed]], "sequence": self._last_sequence}
            for start in range(0, len(records), _ITEMS_PER_LINE):
                chunk = records[start : start + _ITEMS_PER_LINE]
                yield {"events": [[list(scope), record] for record in chunk]}

    # -- what happens ------------------------------------------------------------------------------------

    def _commit(self) -> None:
        entry, self._pending = self._pending, {}
        if not entry:
            return
        try:
            self._journal.append(entry)
        except OSError as error:
            # Memory is ahead of the journal now: nothing that builds on it may be acknowledged. The
            # supervisor starts this process again, with what was.
            sys.stderr.write(f"The journal cannot be written: {error}. Stopping; make room on the disk.\n")
            sys.stderr.flush()
            os._exit(1)

    def _note(self, field: str, value: Any) -> None:
        # ministack's TTL thread deletes, too; those deletions happen again after a restart.
        if threading.get_ident() == self._thread:
            self._pending.setdefault(field, []).append(value)

    def _note_tables(self) -> None:
        self._pending["tables"] = _tables()
        self._pending["ttls"] = _scoped(dynamodb._ttl_settings)

    def _seeing_put(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def set_item(table: Any, pk: Any, sk: Any, item: Any) -> Any:
            old = original(table, pk, sk, item)
            if table["TableName"] not in self._unrecorded:
                self._note("writes", [_scope(table), item])
            if table["TableName"] == self._checkpoints:
                _trim(item)
            return old

        return set_item

    def _seeing_removal(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def remove_item(table: Any, pk: Any, sk: Any) -> Any:
            old = original(table, pk, sk)
            if old is not None and table["TableName"] not in self._unrecorded:
                self._note("writes", [_scope(table), None, pk, sk])
            return old

        return remove_item

    def _seeing_event(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def emit(table_name: str, *args: Any, **kwargs: Any) -> None:
            original(table_name, *args, **kwargs)
            records = dynamodb._stream_records.get(table_name)
            if not records or int(records[-1]["dynamodb"]["SequenceNumber"]) <= self._last_sequence:
                return
            self._last_sequence = int(records[-1]["dynamodb"]["SequenceNumber"])
            self._note("events", [_scope(dynamodb._tables[table_name]), records[-1]])
            self._on_event()

        return emit

    def _seeing_token(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def store(token: str, entry: dict[str, Any]) -> None:
            original(token, entry)
            self._note("tokens", [list(dynamodb._txn_idempotency._scoped(token)), entry])

        return store

    def _seeing_session(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def register(access_key: str, session: dict[str, Any]) -> None:
            original(access_key, session)
            self._pending.setdefault("sessions", {})[access_key] = session

        return register

    # -- what happened -----------------------------------------------------------------------------------

    def _apply(self, entry: Entry) -> None:
        self._apply_definitions(entry)
        for scope, item, *key in entry.get("writes", ()):
            self._apply_write(dynamodb._tables.get_scoped(*scope), item, key)
        self._last_sequence = max(self._last_sequence, entry.get("sequence", 0))
        for scope, trimmed in entry.get("trimmed", ()):
            dynamodb._stream_trimmed.set_scoped(*scope, trimmed)
            dynamodb._stream_records.set_scoped(*scope, [])
        for scope, record in entry.get("events", ()):
            if not dynamodb._stream_records.contains_scoped(*scope):
                dynamodb._stream_records.set_scoped(*scope, [])
            dynamodb._stream_records.get_scoped(*scope).append(record)
            self._last_sequence = max(self._last_sequence, int(record["dynamodb"]["SequenceNumber"]))

    def _apply_write(self, table: dict[str, Any], item: dict[str, Any] | None, key: list[str]) -> None:
        if item is None:
            pk, sk = key
            table["items"][pk].pop(sk, None)
            if not table["items"][pk]:
                del table["items"][pk]
            return
        pk, sk = _keys(table, item)
        table["items"][pk][sk] = item
        if table["TableName"] == self._checkpoints:
            _trim(item)

    def _apply_definitions(self, entry: Entry) -> None:
        if "tables" in entry:
            kept = {tuple(scope): definition for scope, definition in entry["tables"]}
            for scope, _ in list(dynamodb._tables.all_items()):
                if scope not in kept:
                    dynamodb._tables.pop_scoped(*scope)
                    dynamodb._stream_records.pop_scoped(*scope, None)
            for scope, definition in kept.items():
                known = dynamodb._tables.get_scoped(*scope, {})
                same = known.get("TableId") == definition["TableId"]
                items = known["items"] if same else defaultdict(dict)
                dynamodb._tables.set_scoped(*scope, {**definition, "items": items})
        if "ttls" in entry:
            dynamodb._ttl_settings._data = {tuple(scope): value for scope, value in entry["ttls"]}
        if "queues" in entry:
            sqs._queues._data = {
                tuple(scope): {**queue, "messages": [], "dedup_cache": {}, "fifo_seq": 0}
                for scope, queue in entry["queues"]
            }
            sqs._queue_name_to_url.clear()
            sqs._rebuild_queue_name_index()
        now = time.time()
        for access_key, session in entry.get("sessions", {}).items():
            if _alive(session, now):
                sts._sessions[access_key] = session
        for scope, token in entry.get("tokens", ()):
            dynamodb._txn_idempotency.set_scoped(*scope, token)


def _trim(checkpoint: dict[str, Any]) -> None:
    """Forget the records of a stream that all its handlers have processed, but the last of them (a reader
    goes on after it). The runner's item: `stream` (table), `positions` (handler -> sequence number)."""
    account, region, table_name = checkpoint["stream"]["S"].split("/")
    done = min(int(value["N"]) for value in checkpoint["positions"]["M"].values())
    records = dynamodb._stream_records.get_scoped(account, region, table_name) or []
    count = 0
    while count < len(records) and int(records[count]["dynamodb"]["SequenceNumber"]) < done:
        count += 1
    if count:
        del records[:count]
        before = dynamodb._stream_trimmed.get_scoped(account, region, table_name, 0)
        dynamodb._stream_trimmed.set_scoped(account, region, table_name, before + count)


def _scope(table: dict[str, Any]) -> list[str]:
    _, _, _, region, account, resource = table["TableArn"].split(":", 5)
    return [account, region, resource.removeprefix("table/")]


def _keys(table: dict[str, Any], item: dict[str, Any]) -> tuple[str, str]:
    sort = table["sk_name"]
    value = dynamodb._extract_key_val
    return value(item[table["pk_name"]]), value(item[sort]) if sort else "__no_sort__"


def _tables() -> list[Any]:
    transient = _TABLE_TRANSIENT | {dynamodb._INDEX_MEMBERS}
    return [
        [list(scope), {key: value for key, value in table.items() if key not in transient}]
        for scope, table in dynamodb._tables.all_items()
    ]


def _queues() -> list[Any]:
    return [
        [list(scope), {key: value for key, value in queue.items() if key not in _QUEUE_TRANSIENT}]
        for scope, queue in sqs._queues.all_items()
    ]


def _scoped(store: Any) -> list[Any]:
    return [[list(scope), value] for scope, value in store.all_items()]


def _alive(session: dict[str, Any], now: float) -> bool:
    return float(session.get("Expiration") or 0) > now
