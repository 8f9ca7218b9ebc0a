"""Quotas on DynamoDB. `left_*` is the number that bookings change; usage is limit less left."""

import functools
import operator
from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.core.dynamo import Put, TableMeta, Update, table, write
from chalicelib.core.errors import Conflict, DomainError
from chalicelib.core.unit_of_work import Write
from chalicelib.quotas.rules import DIMENSIONS, UNLIMITED, Amount, Limits, Quota, left, refusal


class QuotaRow(Model):
    class Meta(TableMeta):
        table_name = table("quotas")

    tenant_id = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    inherited = BooleanAttribute(default=False)
    limit_sessions = NumberAttribute(null=True)
    limit_cpu_millis = NumberAttribute(null=True)
    limit_memory_bytes = NumberAttribute(null=True)
    limit_gpu = NumberAttribute(null=True)
    left_sessions = NumberAttribute()
    left_cpu_millis = NumberAttribute()
    left_memory_bytes = NumberAttribute()
    left_gpu = NumberAttribute()


class DynamoQuotaStore:
    """`QuotaStore` on PynamoDB."""

    def get(self, tenant_id: str, subject: str) -> Quota | None:
        try:
            return _quota(QuotaRow.get(tenant_id, subject, consistent_read=True))
        except DoesNotExist:
            return None

    def several(self, tenant_id: str, subjects: list[str]) -> dict[str, Quota]:
        rows = QuotaRow.batch_get([(tenant_id, subject) for subject in subjects])
        return {row.subject: _quota(row) for row in rows}

    def all_of(self, tenant_id: str) -> list[Quota]:
        return [_quota(row) for row in QuotaRow.query(tenant_id, consistent_read=True)]

    def add(self, tenant_id: str, quota: Quota) -> Write:
        values: dict[str, Any] = {}
        for name in DIMENSIONS:
            limit = getattr(quota.limits, name)
            values[f"limit_{name}"] = limit
            values[f"left_{name}"] = left(limit, getattr(quota.used, name))
        row = QuotaRow(tenant_id, quota.subject, inherited=quota.inherited, **values)
        return write(Put(row, QuotaRow.subject.does_not_exist()))

    def book(self, tenant_id: str, subject: str, amount: Amount) -> Write:
        conditions = [_left(name) >= value for name, value in amount.items()]
        return write(
            Update(
                QuotaRow(tenant_id, subject),
                tuple(_left(name).add(-value) for name, value in amount.items()),
                _all([QuotaRow.subject.exists(), *conditions]),
            ),
            lambda: self._refused(tenant_id, subject, amount),
        )

    def unbook(self, tenant_id: str, subject: str, amount: Amount) -> Write:
        return write(
            Update(
                QuotaRow(tenant_id, subject),
                tuple(_left(name).add(value) for name, value in amount.items()),
                QuotaRow.subject.exists(),
            )
        )

    def set_limits(self, tenant_id: str, before: Quota, limits: Limits, *, inherited: bool) -> Write:
        actions = [QuotaRow.inherited.set(inherited)]
        unmoved = [QuotaRow.subject.exists()]
        for name in DIMENSIONS:
            limit, used = getattr(limits, name), getattr(before.used, name)
            field = getattr(QuotaRow, f"limit_{name}")
            actions.append(field.remove() if limit is None else field.set(limit))
            actions.append(_left(name).set(left(limit, used)))
            unmoved.append(_left(name) == left(getattr(before.limits, name), used))
        return write(Update(QuotaRow(tenant_id, before.subject), tuple(actions), _all(unmoved)))

    def _refused(self, tenant_id: str, subject: str, amount: Amount) -> DomainError:
        quota = self.get(tenant_id, subject)
        if quota is None:
            return Conflict("The quota changed at this moment. Please try again.", code="quota_changed")
        return Conflict(refusal(quota, amount), code="quota_exceeded")


def _left(name: str) -> Any:
    return getattr(QuotaRow, f"left_{name}")


def _all(conditions: Sequence[Condition]) -> Condition:
    return functools.reduce(operator.and_, conditions)


def _quota(row: QuotaRow) -> Quota:
    limits: dict[str, int | None] = {}
    used: dict[str, int] = {}
    for name in DIMENSIONS:
        stored = getattr(row, f"limit_{name}")
        limits[name] = None if stored is None else int(stored)
        used[name] = (UNLIMITED if stored is None else int(stored)) - int(getattr(row, f"left_{name}"))
    return Quota(row.subject, Limits(**limits), Amount(**used), inherited=bool(row.inherited))
