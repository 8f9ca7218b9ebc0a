"""The sealer: every entry gets its place in the chain, once, whatever dies and whoever else seals."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.audit.models import DynamoAuditStore
from chalicelib.audit.row_models import AuditRow
from chalicelib.audit.rules import Sealed, hash_of
from chalicelib.audit.sealing import LOOK_AGAIN, Sealer, tenants_of
from chalicelib.audit.store import BATCH
from chalicelib.core.clock import utc_now
from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.core.trail import Trail

Log = Callable[..., list[Any]]


@dataclass
class Bench:
    """A tenant's log and the sealer that works on it, by a clock that is set."""

    control_plane: Any
    tenant_id: str
    store: DynamoAuditStore = field(default_factory=DynamoAuditStore)
    now: datetime = field(default_factory=utc_now)

    @property
    def sealer(self) -> Sealer:
        return replace(self.control_plane.audit.sealer, clock=lambda: self.now)

    def write(self, count: int) -> list[str]:
        """Entries as changes leave them; their ids."""
        made = [Trail(f"test.number_{number}", tenant_id=self.tenant_id) for number in range(count)]
        for trail in made:
            self.control_plane.audit.record(trail, None)
        return [trail.id for trail in made]

    def chain(self) -> list[Sealed]:
        """The chain, which is whole: no gaps, every hash fits, and the head is its end."""
        found = list(self.store.sealed(self.tenant_id, 1, 10**9))
        previous = "0" * 64
        for number, each in enumerate(found, start=1):
            assert (each.seal.sequence, each.seal.previous_hash) == (number, previous)
            assert hash_of(json.loads(each.text)) == each.seal.hash
            previous = each.seal.hash
        head = self.store.state(self.tenant_id).head
        assert (head.sequence, head.hash) == (len(found), previous)
        return found

    def waiting(self) -> list[str]:
        return [each.id for each in self.store.unsealed(self.tenant_id, 1000)]


@pytest.fixture
def bench(control_plane: Any, tenant: Any) -> Bench:
    bench = Bench(control_plane, tenant.id)
    bench.sealer.seal(tenant.id)  # the sign-ins
    return bench


@pytest.fixture
def records(emulator: Any) -> Callable[[], list[dict[str, Any]]]:
    """The table's stream, as a runner gives it to the app."""
    from infra.local.runner.streams import plain

    def read() -> list[dict[str, Any]]:
        streams: Any = boto3.client("dynamodbstreams")
        table = boto3.client("dynamodb").describe_table(TableName="streamspace-audit")["Table"]
        arn = table["LatestStreamArn"]
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found: list[dict[str, Any]] = []
        while iterator:
            answer = streams.get_records(ShardIterator=iterator, Limit=1000)
            found += [{**plain(each), "eventSourceARN": arn} for each in answer["Records"]]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return found

    return read


@pytest.mark.feature("Entries are chained by hash, so that none can be altered or left out unnoticed")
def test_entries_are_chained_in_order(bench: Bench) -> None:
    before = len(bench.chain())
    made = bench.write(2 * BATCH + 5)
    assert bench.sealer.seal(bench.tenant_id) == len(made)
    assert [each.entry.id for each in bench.chain()[before:]] == sorted(made)
    assert bench.waiting() == []
    assert bench.sealer.seal(bench.tenant_id) == 0


def test_the_tables_stream_has_them_sealed(bench: Bench, records: Any, control_plane: Any) -> None:
    made = bench.write(3)
    event = {"Records": records()}
    control_plane.audit_changed(event, None)
    assert {each.entry.id for each in bench.chain()} >= set(made)
    length = len(bench.chain())
    control_plane.audit_changed(event, None)  # delivered again
    assert len(bench.chain()) == length


def test_the_sealers_own_writes_are_no_news(bench: Bench, records: Any, control_plane: Any) -> None:
    bench.write(2)
    bench.sealer.seal(bench.tenant_id)
    kinds = {each["dynamodb"]["Keys"]["partition"]["S"].partition("#")[2] for each in records()}
    assert kinds == {"unsealed", "sealed", "head"}
    own = [each for each in records() if "#unsealed" not in each["dynamodb"]["Keys"]["partition"]["S"]]
    assert tenants_of(own) == []
    gone = [each for each in records() if each["eventName"] == "REMOVE"]
    assert tenants_of(gone) == []


def test_sealers_at_once_make_one_chain(bench: Bench) -> None:
    made: list[str] = []

    def write_and_seal(number: int) -> None:
        made.extend(bench.write(4))
        bench.sealer.seal(bench.tenant_id)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write_and_seal, range(24)))
    bench.sealer.seal(bench.tenant_id)
    ids = [each.entry.id for each in bench.chain()]
    assert len(ids) == len(set(ids))
    assert set(ids) >= set(made)
    assert bench.waiting() == []


def test_nobodys_entries_are_not_chained_and_expire(client: Any, records: Any) -> None:
    body = {"email": "who@nowhere.example", "password": "not the password"}
    assert client("POST", "/v1/auth/login", body).status == 401
    [*_, row] = AuditRow.query("nobody#unsealed")
    assert row.ttl is not None
    assert timedelta(days=89) < row.ttl - utc_now() < timedelta(days=91)
    assert "nobody" not in tenants_of(records())


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Mortal:
    """Dies at its nth call into the store or the unit of work, before or after the call took effect."""

    def __init__(self, inner: Any, count: Iterator[int], dies_at: int, *, after: bool) -> None:
        self._inner, self._count, self._dies_at, self._after = inner, count, dies_at, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            dies = next(self._count) == self._dies_at
            if dies and not self._after:
                raise Killed
            result = method(*args, **kwargs)
            if dies:
                raise Killed
            return result

        return call


@pytest.mark.feature("A crash between a change and its seal loses no audit entry")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 8))
def test_a_sealer_may_die_between_any_two_steps(bench: Bench, dies_at: int, *, after: bool) -> None:
    known = len(bench.chain())
    made = bench.write(BATCH + 3)  # two batches: read end, read entries, prepare, commit; twice
    count = iter(range(1, 1000))
    mortal = replace(
        bench.sealer,
        store=Mortal(bench.store, count, dies_at, after=after),
        uow=Mortal(DynamoUnitOfWork(), count, dies_at, after=after),
    )
    with pytest.raises(Killed):
        mortal.seal(bench.tenant_id)
    between = {each.entry.id for each in bench.chain()} | set(bench.waiting())
    assert between >= set(made)  # nothing is lost, and what is chained is whole
    bench.sealer.seal(bench.tenant_id)
    assert [each.entry.id for each in bench.chain()[known:]] == sorted(made)
    assert bench.waiting() == []


class Broken:
    """A unit of work that takes reminders and no seals: for one tenant, everything else works."""

    def __init__(self) -> None:
        self._inner = DynamoUnitOfWork()

    def commit(self, writes: Any, **options: Any) -> None:
        if len(writes) > 1:
            raise RuntimeError("cannot be sealed")
        self._inner.commit(writes, **options)


def test_the_sweep_takes_up_what_failed(bench: Bench) -> None:
    made = bench.write(3)
    bench.now += timedelta(days=2)  # the chain has come to rest
    bench.sealer.sweep()
    assert bench.waiting() == []
    failed = bench.write(2)
    assert replace(bench.sealer, uow=Broken()).seal_changed([bench.tenant_id]) == 0
    assert bench.waiting() == sorted(failed)
    assert bench.sealer.sweep() == 0  # not due yet
    bench.now += timedelta(minutes=2)
    bench.sealer.sweep()
    assert bench.waiting() == []
    assert {each.entry.id for each in bench.chain()} >= {*made, *failed}


def test_the_sweep_finds_what_no_record_told_of(bench: Bench) -> None:
    """The record of an entry that was written soon after others is lost."""
    bench.write(1)
    bench.sealer.seal(bench.tenant_id)
    lost = bench.write(1)
    bench.now += LOOK_AGAIN + timedelta(seconds=1)
    bench.sealer.sweep()
    assert bench.chain()[-1].entry.id == lost[0]


def test_a_chain_at_rest_is_looked_at_no_more(bench: Bench) -> None:
    bench.write(1)
    bench.sealer.seal(bench.tenant_id)
    for _ in range(3):
        bench.now += LOOK_AGAIN + timedelta(seconds=1)
        bench.sealer.sweep()
    assert bench.store.state(bench.tenant_id).due_at is None
    assert all(bench.tenant_id not in bench.store.due(shard, bench.now, 1000) for shard in range(4))


def test_one_tenants_trouble_holds_nobody_else_up(bench: Bench, stranger: Any) -> None:
    bench.write(1)
    other = Bench(bench.control_plane, stranger.id)
    made = other.write(1)
    plain = bench.sealer.names

    def names(tenant_id: str, ids: Any) -> Any:
        if tenant_id == bench.tenant_id:
            raise RuntimeError("no names")
        return plain(tenant_id, ids)

    replace(bench.sealer, names=names).seal_changed([bench.tenant_id, stranger.id])
    assert len(bench.waiting()) == 1
    assert other.chain()[-1].entry.id == made[0]


def test_the_name_that_an_actor_had_stays(
    bench: Bench, control_plane: Any, client: Any, tenant: Any, log: Log
) -> None:
    client("POST", "/v1/templates", {"name": "x", "image": "y"}, token=tenant.admin)
    bench.sealer.seal(tenant.id)
    person = control_plane.identity.people.get(tenant.id, tenant.admin_id)
    control_plane.uow.commit([control_plane.identity.people.change(person, replace(person, name="Another"))])
    client("POST", "/v1/templates", {"name": "z", "image": "y"}, token=tenant.admin)
    later, earlier = log(action="template.create")
    assert (later["actor"]["name"], earlier["actor"]["name"]) == ("Another", "Admin")
