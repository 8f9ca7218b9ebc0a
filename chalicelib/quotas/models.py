"""Quotas on DynamoDB. `counters.py` says where numbers are and how they move."""

from collections.abc import Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.core.dynamo import Check, Delete, Put, Update, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Refusal, Write
from chalicelib.quotas import counters
from chalicelib.quotas.counters import DynamoBooks, all_of, left_column, limit_column
from chalicelib.quotas.row_models import QuotaRow
from chalicelib.quotas.rules import DIMENSIONS, TENANT, UNLIMITED, USER_DEFAULT, Amount, Limits, Quota, left
from chalicelib.quotas.store import Booking

_COUNTED = (TENANT, USER_DEFAULT)
"""Subjects whose rows always have counters."""


class DynamoQuotaStore:
    """`QuotaStore` on PynamoDB."""

    def read(self, tenant_id: str, subjects: Sequence[str], *, consistent: bool = False) -> DynamoBooks:
        keys = [(tenant_id, subject) for subject in subjects]
        return DynamoBooks({row.subject: row for row in QuotaRow.batch_get(keys, consistent_read=consistent)})

    def read_all(self, tenant_id: str) -> DynamoBooks:
        return DynamoBooks({row.subject: row for row in QuotaRow.query(tenant_id, consistent_read=True)})

    def book(self, tenant_id: str, books: Any, booking: Booking, refused: Refusal) -> list[Write]:
        assert isinstance(books, DynamoBooks), "books of another storage"  # noqa: S101
        amount, newcomers, others = booking.amount, [], []
        actions: list[Action] = []
        conditions: list[Condition] = []
        for subject, limits in booking.limits.items():
            if subject == TENANT:
                continue
            if books.has_row_of_its_own(subject):
                others.append(_update(tenant_id, subject, counters.take(amount), refused))
            elif subject in books.inside:
                _extend(actions, conditions, counters.take_inside(subject, amount, limits))
            else:
                newcomers.append(subject)
        seats = books.seats(newcomers)
        others += [_no_counters_yet(tenant_id, subject) for subject in seats.admitted]
        others += [_first_row(tenant_id, books, subject, booking) for subject in seats.turned_away]
        conditions += [counters.absent(subject) for subject in seats.turned_away]
        row = books.rows.get(TENANT)
        if row is None:
            quota = Quota(TENANT, Limits(), amount)  # nobody set any: what bounds it is the plan
            entries: Any = counters.first_entries(seats.admitted, amount)
            fresh = QuotaRow(tenant_id, TENANT, **counters.columns(quota), inside=entries)
            return [write(Put(fresh, QuotaRow.subject.does_not_exist())), *others]
        _extend(actions, conditions, counters.admit(row, seats, amount))
        _extend(actions, conditions, counters.take(amount, _headroom(row, booking)))
        if booking.sessions_in_plan is not None:
            conditions.append(_unchanged(row, "sessions"))
        return [_update(tenant_id, TENANT, (actions, conditions), refused), *others]

    def unbook(self, tenant_id: str, subjects: Sequence[str], amount: Amount) -> list[Write]:
        # What is inside stays inside while it is not zero, so this cannot be out of date.
        books = self.read(tenant_id, [TENANT], consistent=True)
        actions, conditions = counters.give_back(amount)
        others = []
        for subject in subjects:
            if subject == TENANT:
                continue
            if subject in books.inside:
                _extend(actions, conditions, counters.give_back_inside(subject, amount))
            else:
                others.append(_update(tenant_id, subject, counters.give_back(amount)))
        return [_update(tenant_id, TENANT, (actions, conditions)), *others]

    def set_limits(self, tenant_id: str, books: Any, quota: Quota) -> Write:
        row: QuotaRow | None = books.rows.get(quota.subject)
        if row is None:
            values = counters.columns(quota, counters=quota.subject in _COUNTED)
            fresh = QuotaRow(tenant_id, quota.subject, **values)
            return write(Put(fresh, QuotaRow.subject.does_not_exist()))
        counted = books.has_row_of_its_own(quota.subject)
        actions: list[Action] = [QuotaRow.inherited.set(quota.inherited)]
        conditions: list[Condition] = [QuotaRow.subject.exists()]
        if not counted:
            conditions.append(QuotaRow.left_sessions.does_not_exist())
        for name in DIMENSIONS:
            limit = getattr(quota.limits, name)
            actions.append(limit_column(name).remove() if limit is None else limit_column(name).set(limit))
            if counted:
                used, rest = getattr(books.used(quota.subject), name), left_column(name)
                known = getattr(row, f"left_{name}")
                actions.append(rest.set(left(limit, used)))
                conditions.append(rest.does_not_exist() if known is None else rest == known)
        return _update(tenant_id, quota.subject, (actions, conditions))

    def forget(self, tenant_id: str, books: Any, fallback: Quota) -> list[Write]:
        row: QuotaRow | None = books.rows.get(fallback.subject)
        if row is None or row.inherited:
            return []
        if books.has_row_of_its_own(fallback.subject):
            return [self.set_limits(tenant_id, books, fallback)]
        bare = QuotaRow(tenant_id, fallback.subject)
        return [write(Delete(bare, QuotaRow.left_sessions.does_not_exist()))]

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(QuotaRow, tenant_id)


def _headroom(row: QuotaRow, booking: Booking) -> int:
    """How far the tenant's limit of sessions exceeds its plan's: so much must stay left."""
    if booking.sessions_in_plan is None:
        return 0
    limit = UNLIMITED if row.limit_sessions is None else int(row.limit_sessions)
    return max(0, limit - booking.sessions_in_plan)


def _no_counters_yet(tenant_id: str, subject: str) -> Write:
    """Somebody else may have given it a row at this moment."""
    return write(Check(QuotaRow, tenant_id, subject, QuotaRow.left_sessions.does_not_exist()))


def _first_row(tenant_id: str, books: DynamoBooks, subject: str, booking: Booking) -> Write:
    """Counters of its own for a subject, with its first booking."""
    row = books.rows.get(subject)
    quota = Quota(subject, booking.limits[subject], booking.amount, inherited=subject in booking.inherited)
    if row is None:
        fresh = QuotaRow(tenant_id, subject, **counters.columns(quota))
        return write(Put(fresh, QuotaRow.subject.does_not_exist()))
    rests = {name: left(getattr(quota.limits, name), getattr(quota.used, name)) for name in DIMENSIONS}
    actions: list[Action] = [left_column(name).set(rest) for name, rest in rests.items()]
    unchanged = [_unchanged(row, name) for name in DIMENSIONS]
    return _update(tenant_id, subject, (actions, [QuotaRow.left_sessions.does_not_exist(), *unchanged]))


def _unchanged(row: QuotaRow, name: str) -> Condition:
    limit, column = getattr(row, f"limit_{name}"), limit_column(name)
    condition: Condition = column.does_not_exist() if limit is None else column == limit
    return condition


def _extend(
    actions: list[Action], conditions: list[Condition], more: tuple[list[Action], list[Condition]]
) -> None:
    actions.extend(more[0])
    conditions.extend(more[1])


def _update(
    tenant_id: str,
    subject: str,
    change: tuple[list[Action], list[Condition]],
    refused: Refusal | None = None,
) -> Write:
    actions, conditions = change
    return write(Update(QuotaRow(tenant_id, subject), tuple(actions), all_of(conditions)), refused)
