"""Groups and invitations on DynamoDB."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Check, Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Refusal, Write
from chalicelib.identity.service import Role
from chalicelib.people.rules import Group, Invitation
from chalicelib.people.store import Position

_INVITATIONS_KEPT = timedelta(days=90)
"""How long after its expiry an invitation is still listed."""


class GroupRow(Model):
    class Meta(TableMeta):
        table_name = table("groups")

    tenant_id = UnicodeAttribute(hash_key=True)
    group_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    created_at = NumberAttribute()
    removing = BooleanAttribute(default=False)


class InvitationRow(Model):
    class Meta(TableMeta):
        table_name = table("invitations")

    tenant_id = UnicodeAttribute(hash_key=True)
    invitation_id = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    name = UnicodeAttribute(default="")
    groups = ListAttribute(of=UnicodeAttribute, default=list)
    created_by = UnicodeAttribute()
    created_at = NumberAttribute()
    expires_at = NumberAttribute()
    serial = NumberAttribute()
    sent_at = NumberAttribute(null=True)
    accepted_by = UnicodeAttribute(null=True)
    revoked = BooleanAttribute(default=False)
    ttl = NumberAttribute()


class DynamoGroupStore:
    """`GroupStore` on PynamoDB."""

    def get(self, tenant_id: str, group_id: str) -> Group | None:
        try:
            return _group(GroupRow.get(tenant_id, group_id, consistent_read=True))
        except DoesNotExist:
            return None

    def all_of(self, tenant_id: str) -> list[Group]:
        return [_group(row) for row in GroupRow.query(tenant_id, consistent_read=True)]

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Group], Position | None]:
        rows = GroupRow.query(tenant_id, consistent_read=True, limit=limit, last_evaluated_key=after)
        found = [_group(row) for row in rows]
        return found, cast("Position | None", rows.last_evaluated_key)

    def add(self, group: Group) -> Write:
        row = GroupRow(
            group.tenant_id,
            group.id,
            name=group.name,
            description=group.description,
            created_at=epoch_millis(group.created_at),
        )
        return write(Put(row, GroupRow.group_id.does_not_exist()))

    def describe(self, group: Group) -> Write:
        actions = (GroupRow.name.set(group.name), GroupRow.description.set(group.description))
        return write(Update(GroupRow(group.tenant_id, group.id), actions, _OPEN))

    def close(self, group: Group) -> Write:
        row = GroupRow(group.tenant_id, group.id)
        return write(Update(row, (GroupRow.removing.set(True),), GroupRow.group_id.exists()))

    def must_be_open(self, tenant_id: str, group_id: str, refused: Refusal | None = None) -> Write:
        return write(Check(GroupRow, tenant_id, group_id, _OPEN), refused)

    def remove(self, tenant_id: str, group_id: str) -> Write:
        return write(Delete(GroupRow(tenant_id, group_id)))

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(GroupRow, tenant_id)


_OPEN = GroupRow.group_id.exists() & (GroupRow.removing == False)  # noqa: E712


class DynamoInvitationStore:
    """`InvitationStore` on PynamoDB."""

    def get(self, tenant_id: str, invitation_id: str) -> Invitation | None:
        try:
            return _invitation(InvitationRow.get(tenant_id, invitation_id, consistent_read=True))
        except DoesNotExist:
            return None

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Invitation], Position | None]:
        rows = InvitationRow.query(
            tenant_id, consistent_read=True, limit=limit, last_evaluated_key=after, scan_index_forward=False
        )
        found = [_invitation(row) for row in rows]
        return found, cast("Position | None", rows.last_evaluated_key)

    def all_of(self, tenant_id: str) -> Iterator[Invitation]:
        for row in InvitationRow.query(tenant_id, consistent_read=True):
            yield _invitation(row)

    def add(self, invitation: Invitation) -> Write:
        return write(Put(_row(invitation), InvitationRow.invitation_id.does_not_exist()))

    def change(self, before: Invitation, after: Invitation) -> Write:
        undecided = (
            (InvitationRow.serial == before.serial)
            & InvitationRow.accepted_by.does_not_exist()
            & (InvitationRow.revoked == False)  # noqa: E712
        )
        return write(Put(_row(after), undecided))

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(InvitationRow, tenant_id)


def _row(invitation: Invitation) -> InvitationRow:
    values: dict[str, Any] = {
        "email": invitation.email,
        "role": invitation.role.value,
        "name": invitation.name,
        "groups": list(invitation.groups),
        "created_by": invitation.created_by,
        "created_at": epoch_millis(invitation.created_at),
        "expires_at": epoch_millis(invitation.expires_at),
        "serial": invitation.serial,
        "sent_at": epoch_millis(invitation.sent_at) if invitation.sent_at else None,
        "accepted_by": invitation.accepted_by,
        "revoked": invitation.revoked,
        "ttl": int((invitation.expires_at + _INVITATIONS_KEPT).timestamp()),
    }
    return InvitationRow(invitation.tenant_id, invitation.id, **values)


def _group(row: GroupRow) -> Group:
    return Group(
        tenant_id=row.tenant_id,
        id=row.group_id,
        name=row.name,
        description=row.description or "",
        created_at=from_millis(int(row.created_at)),
        removing=bool(row.removing),
    )


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        tenant_id=row.tenant_id,
        id=row.invitation_id,
        email=row.email,
        role=Role(row.role),
        created_by=row.created_by,
        created_at=from_millis(int(row.created_at)),
        expires_at=from_millis(int(row.expires_at)),
        name=row.name or "",
        groups=tuple(str(each) for each in row.groups or ()),
        serial=int(row.serial),
        sent_at=from_millis(int(row.sent_at)) if row.sent_at else None,
        accepted_by=row.accepted_by,
        revoked=bool(row.revoked),
    )
