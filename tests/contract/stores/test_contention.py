"""Many at once: one wins, nothing is booked twice, and nobody sees half of a unit of work."""

import itertools
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.controllers.agent_models import DynamoAgentStore
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.rules import Controller
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import new_id
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, Write
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.rules import TENANT, Amount, Limits, Quota, user_subject
from chalicelib.quotas.store import Booking
from chalicelib.sessions.entities import Entry
from chalicelib.sessions.keys import DynamoKeyStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import Remembered
from chalicelib.tenancy.models import DynamoTenantStore
from tests.contract.stores import examples
from tests.contract.stores.crowds import Crowd
from tests.contract.stores.examples import GIB, NOW, at, commit

SESSIONS = DynamoSessionStore()
CONTROLLERS = DynamoControllerStore()
AGENTS = DynamoAgentStore()
QUOTAS = DynamoQuotaStore()
ONE = Amount(1, 1000, GIB)


def online(tenant_id: str) -> Controller:
    """With room for four sessions of `ONE`."""
    made = examples.controller(tenant_id)
    commit(CONTROLLERS.add(made))
    heard = CONTROLLERS.heard(
        made, examples.heartbeat(), examples.contact(), examples.WELL, claims_again=False
    )
    commit(heard)
    return now(made)


def now(one: Controller) -> Controller:
    found = CONTROLLERS.get(one.tenant_id, one.id, consistent=True)
    assert found is not None
    return found


def committing(crowd: Crowd, *writes: Write, token: str | None = None) -> Any:
    return lambda: crowd.unit.commit(list(writes), token=token)


def won(results: list[Any], lost: type[Exception] = ConditionFailed) -> int:
    """How many won; everybody else lost, by no other error."""
    others = [each for each in results if each is not None and not isinstance(each, lost)]
    assert not others, others
    return results.count(None)


def test_of_many_writers_of_one_revision_one_wins(crowd: Crowd, tenant_id: str) -> None:
    one = examples.session(tenant_id)
    commit(SESSIONS.add(one))
    after = [replace(one, revision=2, name=f"writer-{number}") for number in range(16)]

    def step(cause: str) -> Entry:
        return Entry(NOW, State.RUNNING, State.FAILED, "system", cause, None, 1)

    results = crowd.run(
        [
            committing(crowd, SESSIONS.change(one, each), *SESSIONS.append(each, [step(each.name)]))
            for each in after
        ]
    )
    assert won(results) == 1
    winner = after[results.index(None)]
    assert SESSIONS.get(tenant_id, one.id) == winner
    [told], _ = SESSIONS.timeline(tenant_id, one.id, limit=5, after=None)
    assert told.cause == winner.name


def test_starting_over_loses_no_change(crowd: Crowd, tenant_id: str) -> None:
    one = examples.session(tenant_id, viewers=0)
    commit(SESSIONS.add(one))

    def count() -> None:
        def attempt() -> None:
            before = SESSIONS.get(tenant_id, one.id)
            assert before is not None
            after = replace(before, viewers=before.viewers + 1, revision=before.revision + 1)
            crowd.unit.commit([SESSIONS.change(before, after)])

        on_conflict(attempt, times=100, sleep=crowd.rest)

    assert won(crowd.run([count] * 10)) == 10
    assert SESSIONS.get(tenant_id, one.id) == replace(one, viewers=10, revision=11)


def test_a_controller_is_never_over_booked(crowd: Crowd, tenant_id: str) -> None:
    made = examples.controller(tenant_id)
    commit(CONTROLLERS.add(made))
    commit(
        CONTROLLERS.heard(made, examples.heartbeat(), examples.contact(), examples.WELL, claims_again=False)
    )
    one = CONTROLLERS.get(tenant_id, made.id)
    assert one is not None
    sessions = [examples.session(tenant_id) for _ in range(16)]
    results = crowd.run(
        [committing(crowd, CONTROLLERS.book(one, ONE), SESSIONS.add(each)) for each in sessions]
    )
    assert won(results) == 4
    after = now(one)
    assert (after.booked, after.awake) == (Amount(4, 4000, 4 * GIB), 4)
    assert len(list(SESSIONS.all_of(tenant_id))) == 4
    assert won(crowd.run([committing(crowd, CONTROLLERS.unbook(tenant_id, one.id, ONE))] * 4)) == 4
    free = now(one)
    assert (free.booked, free.awake) == (Amount(), 0)


class Exceeded(Conflict):
    pass


def test_a_quota_is_never_over_booked(crowd: Crowd, tenant_id: str) -> None:
    """Of one person's, and of the tenant's, by more people than one row has room for."""
    limits = {TENANT: Limits(sessions=12), user_subject("usr-0"): Limits(sessions=2)}
    for subject, limit in limits.items():
        books = QUOTAS.read(tenant_id, [subject], consistent=True)
        commit(QUOTAS.set_limits(tenant_id, books, Quota(subject, limit, Amount())))
    people = [user_subject(f"usr-{number}") for number in (*[0] * 5, *range(1, 12))]

    def booking(subject: str) -> None:
        def attempt() -> None:
            books = QUOTAS.read(tenant_id, [TENANT, subject], consistent=True)
            asked = {TENANT: limits[TENANT], subject: limits.get(subject, Limits())}

            def refused() -> Exception:
                now = QUOTAS.read(tenant_id, [TENANT, subject], consistent=True)
                full = any(
                    most.sessions is not None and now.used(each).sessions >= most.sessions
                    for each, most in asked.items()
                )
                return Exceeded("no more") if full else ConditionFailed()

            crowd.unit.commit(QUOTAS.book(tenant_id, books, Booking(ONE, asked), refused))

        on_conflict(attempt, times=200, sleep=crowd.rest)

    results = crowd.run([partial(booking, each) for each in people])
    assert won(results, Exceeded) == 12
    books = QUOTAS.read_all(tenant_id)
    used = {each: books.used(each).sessions for each in dict.fromkeys(people)}
    assert used == {
        each: sum(1 for who, result in zip(people, results, strict=True) if who == each and result is None)
        for each in used
    }
    assert used[user_subject("usr-0")] <= 2
    assert books.used(TENANT) == Amount(12, 12000, 12 * GIB)

    def give_back(subject: str) -> None:
        def attempt() -> None:
            crowd.unit.commit(QUOTAS.unbook(tenant_id, [TENANT, subject], ONE))

        on_conflict(attempt, times=200, sleep=crowd.rest)

    holders = [who for who, result in zip(people, results, strict=True) if result is None]
    assert won(crowd.run([partial(give_back, each) for each in holders])) == 12
    books = QUOTAS.read_all(tenant_id)
    assert {books.used(each) for each in (TENANT, *people)} == {Amount()}


def test_nobody_sees_half_of_a_unit_of_work(crowd: Crowd, tenant_id: str) -> None:
    """Two rows change together; who reads one and then the other never finds the second one older."""
    first, second = (examples.session(tenant_id, viewers=0) for _ in range(2))
    commit(SESSIONS.add(first), SESSIONS.add(second))

    def write() -> None:
        for number in range(6):
            before = [replace(each, revision=number + 1, viewers=number) for each in (first, second)]
            after = [replace(each, revision=number + 2, viewers=number + 1) for each in (first, second)]
            crowd.unit.commit(list(map(SESSIONS.change, before, after)))

    def read(one: str, other: str) -> list[tuple[int, int]]:
        seen = []
        for _ in range(15):
            pair = [SESSIONS.get(tenant_id, each) for each in (one, other)]
            seen.append(tuple(each.viewers for each in pair if each is not None))
        return seen  # type: ignore[return-value]

    done, *seen = crowd.run(
        [
            write,
            *[lambda: read(first.id, second.id)] * 2,
            *[lambda: read(second.id, first.id)] * 2,
        ]
    )
    assert done is None
    for earlier, later in itertools.chain.from_iterable(seen):
        assert earlier <= later
    for reader in seen:
        assert reader == sorted(reader)


def test_one_token_is_one_effect(crowd: Crowd, tenant_id: str) -> None:
    made = examples.controller(tenant_id)
    commit(CONTROLLERS.add(made))
    commit(
        CONTROLLERS.heard(made, examples.heartbeat(), examples.contact(), examples.WELL, claims_again=False)
    )
    one = CONTROLLERS.get(tenant_id, made.id)
    assert one is not None
    writes = [CONTROLLERS.book(one, ONE), SESSIONS.add(examples.session(tenant_id))]
    token = new_id("req")
    assert won(crowd.run([committing(crowd, *writes, token=token)] * 8)) == 8
    after = now(one)
    assert after.booked == ONE


def test_whatever_is_given_once_is_given_to_one(crowd: Crowd, tenant_id: str) -> None:
    """Idempotency keys, enrolment tokens, epochs, slugs, backends."""
    keys, token = DynamoKeyStore(), examples.token(tenant_id)
    agents = [examples.agent(tenant_id) for _ in range(8)]
    one, backend = agents[0], f"daemon-{tenant_id}"
    commit(AGENTS.add_token(token), AGENTS.add_agent(one, examples.key_of(one)))
    tenants = [examples.tenant(f"{tenant_id}{number}", slug=f"slug-{tenant_id}") for number in range(8)]
    races: list[tuple[list[Any], type[Exception]]] = [
        (
            [[keys.remember(tenant_id, "key", Remembered(f"ses-{each}", "f"), at(9))] for each in range(8)],
            ConditionFailed,
        ),
        ([[AGENTS.use_token(token, examples.key_of(each))] for each in agents], ConditionFailed),
        ([[AGENTS.open_epoch(one, f"boot-{each}", "1", 1, NOW)] for each in range(8)], ConditionFailed),
        ([DynamoTenantStore().add(each) for each in tenants], Conflict),
        (
            [CONTROLLERS.add(examples.controller(tenant_id, backend_id=backend)) for _ in range(8)],
            ConditionFailed,
        ),
    ]
    for writes, lost in races:
        assert won(crowd.run([committing(crowd, *each) for each in writes]), lost) == 1
    assert len(CONTROLLERS.all_of(tenant_id)) == 1


def test_a_nonce_is_new_to_one(crowd: Crowd, tenant_id: str) -> None:
    results = crowd.run([lambda: AGENTS.first_use(tenant_id, "nonce", at(300))] * 8)
    # A call of its own, without a unit of work around it: a conflict is the caller's to see.
    assert [each for each in results if isinstance(each, bool)].count(True) <= 1
    assert not AGENTS.first_use(tenant_id, "nonce", at(300)) or all(
        isinstance(each, Exception) for each in results
    )
