"""People on DynamoDB: one row a user, one lookup row an e-mail."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Check, Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_reads import row_read
from chalicelib.core.errors import Conflict
from chalicelib.core.reads import Read
from chalicelib.core.unit_of_work import Write
from chalicelib.identity.rules import Kind, Person, Role
from chalicelib.identity.store import Position

_FILTERED_PAGE = 300


class UserRow(Model):
    class Meta(TableMeta):
        table_name = table("users")

    tenant_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    role = UnicodeAttribute()
    kind = UnicodeAttribute(default="person")
    password_hash = UnicodeAttribute(null=True)
    groups = ListAttribute(of=UnicodeAttribute, null=True)
    charged_group = UnicodeAttribute(null=True)
    disabled = BooleanAttribute(default=False)
    created_at = NumberAttribute()
    last_sign_in_at = NumberAttribute(null=True)
    preferences = JSONAttribute(null=True)
    revision = NumberAttribute(default=0)


class LoginRow(Model):
    """A lookup that yields the tenants of an e-mail."""

    class Meta(TableMeta):
        table_name = table("logins")

    email = UnicodeAttribute(hash_key=True)
    tenant_id = UnicodeAttribute(range_key=True)
    user_id = UnicodeAttribute()


class DynamoPersonStore:
    """`PersonStore` on PynamoDB."""

    def get(self, tenant_id: str, user_id: str) -> Person | None:
        try:
            return _person(UserRow.get(tenant_id, user_id, consistent_read=True))
        except DoesNotExist:
            return None

    def reading(self, tenant_id: str, user_id: str) -> Read[Person]:
        return row_read(UserRow, tenant_id, user_id, _person)

    def page(
        self,
        tenant_id: str,
        *,
        limit: int,
        after: Position | None,
        kind: Kind | None = None,
        group: str | None = None,
    ) -> tuple[list[Person], Position | None]:
        wanted: Condition | None = None
        if kind is not None:
            wanted = UserRow.kind == kind
            if kind == "person":  # rows from before there were kinds
                wanted = wanted | UserRow.kind.does_not_exist()
        if group is not None:
            within = UserRow.groups.contains(group)
            wanted = within if wanted is None else wanted & within
        rows = UserRow.query(
            tenant_id,
            filter_condition=wanted,
            limit=limit,
            # A filter leaves few of what is read: read more at a time.
            page_size=limit if wanted is None else _FILTERED_PAGE,
            last_evaluated_key=after,
        )
        found = [_person(row) for row in rows]
        return found, cast("dict[str, Any] | None", rows.last_evaluated_key)

    def every(self, tenant_id: str) -> Iterator[Person]:
        for row in UserRow.query(tenant_id, consistent_read=True):
            yield _person(row)

    def must_be_active_owner(self, person: Person) -> Write:
        in_charge = (UserRow.role == Role.OWNER.value) & (UserRow.disabled == False)  # noqa: E712
        return write(Check(UserRow, person.tenant_id, person.id, in_charge))

    def logins(self, email: str) -> list[tuple[str, str]]:
        return [(row.tenant_id, row.user_id) for row in LoginRow.query(email, consistent_read=True)]

    def by_email(self, email: str) -> list[Person]:
        keys = self.logins(email)
        return [_person(row) for row in UserRow.batch_get(keys, consistent_read=True)] if keys else []

    def add(self, person: Person) -> list[Write]:
        row = UserRow(
            person.tenant_id, person.id, created_at=epoch_millis(person.created_at), **_attributes(person)
        )
        writes = [write(Put(row, UserRow.user_id.does_not_exist()))]
        if person.email:
            login = LoginRow(person.email, person.tenant_id, user_id=person.id)
            writes.append(
                write(
                    Put(login, LoginRow.email.does_not_exist()),
                    lambda: Conflict(f"{person.email} is a member already.", code="email_taken"),
                )
            )
        return writes

    def change(self, before: Person, after: Person) -> Write:
        old, new = _attributes(before), _attributes(after)
        actions: list[Action] = [UserRow.revision.set(before.revision + 1)]
        for name, value in new.items():
            if value != old[name] and name != "revision":
                column = getattr(UserRow, name)
                actions.append(column.remove() if value is None else column.set(value))
        return write(Update(UserRow(before.tenant_id, before.id), tuple(actions), _unchanged(before)))

    def signed_in(self, person: Person, now: datetime) -> Write:
        row = UserRow(person.tenant_id, person.id)
        return write(Update(row, (UserRow.last_sign_in_at.set(epoch_millis(now)),), UserRow.user_id.exists()))

    def remove(self, person: Person) -> list[Write]:
        writes = [write(Delete(UserRow(person.tenant_id, person.id), _unchanged(person)))]
        if person.email:
            login = LoginRow(person.email, person.tenant_id)
            writes.append(write(Delete(login, LoginRow.user_id == person.id)))
        return writes


def _unchanged(person: Person) -> Any:
    unchanged = UserRow.revision == person.revision
    if person.revision == 0:  # rows from before there were revisions
        unchanged = unchanged | UserRow.revision.does_not_exist()
    return UserRow.user_id.exists() & unchanged


def _attributes(person: Person) -> dict[str, Any]:
    """All but the keys and what never changes."""
    seen = person.last_sign_in_at
    return {
        "email": person.email or None,
        "name": person.name,
        "role": person.role.value,
        "kind": person.kind,
        "password_hash": person.password_hash,
        "groups": list(person.groups) or None,
        "charged_group": person.charged_group,
        "disabled": person.disabled,
        "last_sign_in_at": epoch_millis(seen) if seen else None,
        "preferences": person.preferences or None,
        "revision": person.revision,
    }


def _person(row: UserRow) -> Person:
    return Person(
        tenant_id=row.tenant_id,
        id=row.user_id,
        email=row.email or "",
        name=row.name,
        role=Role(row.role),
        created_at=from_millis(int(row.created_at)),
        kind="service" if row.kind == "service" else "person",
        password_hash=row.password_hash,
        groups=tuple(str(each) for each in row.groups or ()),
        charged_group=row.charged_group,
        disabled=bool(row.disabled),
        last_sign_in_at=from_millis(int(row.last_sign_in_at)) if row.last_sign_in_at else None,
        preferences=dict(row.preferences or {}),
        revision=int(row.revision or 0),
    )
