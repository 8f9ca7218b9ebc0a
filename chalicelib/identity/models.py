"""People, refresh families and failed attempts on DynamoDB."""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, TableMeta, Update, table, write
from chalicelib.core.errors import Conflict
from chalicelib.core.unit_of_work import Write
from chalicelib.identity.rules import ATTEMPTS_KEPT, Person, RefreshFamily, Role, lock_after


class UserRow(Model):
    class Meta(TableMeta):
        table_name = table("users")

    tenant_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    role = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    disabled = BooleanAttribute(default=False)
    created_at = NumberAttribute()


class LoginRow(Model):
    """A lookup that yields the tenants of an e-mail."""

    class Meta(TableMeta):
        table_name = table("logins")

    email = UnicodeAttribute(hash_key=True)
    tenant_id = UnicodeAttribute(range_key=True)
    user_id = UnicodeAttribute()


class FamilyRow(Model):
    """A lookup that yields the tenant of a refresh token."""

    class Meta(TableMeta):
        table_name = table("refresh-families")

    family_id = UnicodeAttribute(hash_key=True)
    tenant_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    current = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)
    rotated_at = NumberAttribute()
    expires_at = NumberAttribute()
    revoked = BooleanAttribute(default=False)
    ttl = NumberAttribute()


class AttemptRow(Model):
    class Meta(TableMeta):
        table_name = table("sign-in-attempts")

    key = UnicodeAttribute(hash_key=True)
    failures = NumberAttribute(default=0)
    locked_until = NumberAttribute(null=True)
    ttl = NumberAttribute()


class DynamoPersonStore:
    """`PersonStore` on PynamoDB."""

    def get(self, tenant_id: str, user_id: str) -> Person | None:
        try:
            return _person(UserRow.get(tenant_id, user_id))
        except DoesNotExist:
            return None

    def by_email(self, email: str) -> list[Person]:
        keys = [(row.tenant_id, row.user_id) for row in LoginRow.query(email)]
        return [_person(row) for row in UserRow.batch_get(keys)] if keys else []

    def add(self, person: Person) -> list[Write]:
        row = UserRow(
            person.tenant_id,
            person.id,
            email=person.email,
            name=person.name,
            role=person.role.value,
            password_hash=person.password_hash,
            disabled=person.disabled,
            created_at=epoch_millis(person.created_at),
        )
        login = LoginRow(person.email, person.tenant_id, user_id=person.id)
        return [
            write(Put(row, UserRow.user_id.does_not_exist())),
            write(
                Put(login, LoginRow.email.does_not_exist()),
                lambda: Conflict(f"{person.email} is a member already.", code="email_taken"),
            ),
        ]

    def set_password(self, person: Person, password_hash: str) -> Write:
        row = UserRow(person.tenant_id, person.id)
        return write(Update(row, (UserRow.password_hash.set(password_hash),), UserRow.user_id.exists()))


class DynamoFamilyStore:
    """`FamilyStore` on PynamoDB."""

    def get(self, family_id: str) -> RefreshFamily | None:
        try:
            row = FamilyRow.get(family_id, consistent_read=True)
        except DoesNotExist:
            return None
        return RefreshFamily(
            id=row.family_id,
            tenant_id=row.tenant_id,
            user_id=row.user_id,
            current=row.current,
            previous=row.previous,
            rotated_at=from_millis(int(row.rotated_at)),
            expires_at=from_millis(int(row.expires_at)),
            revoked=bool(row.revoked),
        )

    def add(self, family: RefreshFamily) -> Write:
        row = FamilyRow(
            family.id,
            tenant_id=family.tenant_id,
            user_id=family.user_id,
            current=family.current,
            previous=family.previous,
            rotated_at=epoch_millis(family.rotated_at),
            expires_at=epoch_millis(family.expires_at),
            ttl=int(family.expires_at.timestamp()),
        )
        return write(Put(row, FamilyRow.family_id.does_not_exist()))

    def rotate(self, family: RefreshFamily, successor: str, now: datetime) -> Write:
        actions = (
            FamilyRow.current.set(successor),
            FamilyRow.previous.set(family.current),
            FamilyRow.rotated_at.set(epoch_millis(now)),
        )
        unmoved = (FamilyRow.current == family.current) & (FamilyRow.revoked == False)  # noqa: E712
        return write(Update(FamilyRow(family.id), actions, unmoved))

    def revoke(self, family: RefreshFamily) -> Write:
        return write(
            Update(FamilyRow(family.id), (FamilyRow.revoked.set(True),), FamilyRow.family_id.exists())
        )


class DynamoAttemptStore:
    """`AttemptStore` on PynamoDB."""

    def locked_until(self, keys: list[str]) -> datetime | None:
        locks = [
            int(row.locked_until)
            for row in AttemptRow.batch_get(keys, consistent_read=True)
            if row.locked_until
        ]
        return from_millis(max(locks)) if locks else None

    def fail(self, key: str, now: datetime) -> None:
        # No condition: creating the row is what the first failure means.
        row = AttemptRow(key)
        kept = int((now + ATTEMPTS_KEPT).timestamp())
        row.update(actions=[AttemptRow.failures.add(1), AttemptRow.ttl.set(kept)])
        until = lock_after(int(row.failures), now)
        if until is not None:
            row.update(
                actions=[AttemptRow.locked_until.set(epoch_millis(until))], condition=AttemptRow.key.exists()
            )

    def clear(self, key: str) -> None:
        AttemptRow(key).delete()


def _person(row: UserRow) -> Person:
    return Person(
        tenant_id=row.tenant_id,
        id=row.user_id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        created_at=from_millis(int(row.created_at)),
        disabled=bool(row.disabled),
    )
