"""Agents, their keys, enrolment tokens and nonces on DynamoDB.

Keys, tokens and nonces are lookups that yield the tenant or precede it, so their keys cannot start with it.
Keys and tokens are found by their tenant through an index; nonces carry no id at all.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.controllers.agent_rules import Agent, AgentKey, EnrollmentToken, boots_after, mark
from chalicelib.controllers.health_rows import packed, unpacked
from chalicelib.controllers.rules import Contact, HealthReport
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Delete, Put, TableMeta, Update, table, write
from chalicelib.core.dynamo_rows import REMOVED_AT_ONCE, remove_partition, remove_rows
from chalicelib.core.unit_of_work import Refusal, Write

_TOKEN_KEPT = timedelta(days=1)
"""After expiry, so that a late agent is told why; then the row goes."""
_REVOKED_KEPT = timedelta(days=90)
_VERSION_LENGTH = 40


class AgentRow(Model):
    """Below 1 KB for a healthy agent, since each heartbeat writes it. `rotated_at` is unset until the first
    rotation."""

    class Meta(TableMeta):
        table_name = table("agents")

    tenant_id = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    key_id = UnicodeAttribute()
    created_at = NumberAttribute()
    epoch = NumberAttribute(default=0)
    boot_id = UnicodeAttribute(null=True)
    booted_at = NumberAttribute(null=True)
    past_boots = JSONAttribute(null=True)
    version = UnicodeAttribute()
    protocol = NumberAttribute(null=True)
    seen_at = NumberAttribute(null=True)
    interval = NumberAttribute(null=True)
    failing = UnicodeAttribute(null=True)
    rotated_at = NumberAttribute(null=True)
    token_id = UnicodeAttribute(null=True)
    previous_key_id = UnicodeAttribute(null=True)
    previous_until = NumberAttribute(null=True)


class KeysOfTenant(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A tenant's keys, revoked ones too: for its deletion."""

    class Meta:
        index_name = "by-tenant"
        projection = KeysOnlyProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    tenant_id = UnicodeAttribute(hash_key=True)
    key_id = UnicodeAttribute(range_key=True)


class TokensOfTenant(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A tenant's tokens: for its deletion."""

    class Meta:
        index_name = "by-tenant"
        projection = KeysOnlyProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    tenant_id = UnicodeAttribute(hash_key=True)
    token_hash = UnicodeAttribute(range_key=True)


class KeyRow(Model):
    class Meta(TableMeta):
        table_name = table("agent-keys")

    key_id = UnicodeAttribute(hash_key=True)
    by_tenant = KeysOfTenant()
    public_key = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    controller_id = UnicodeAttribute()
    agent_id = UnicodeAttribute()
    revoked = BooleanAttribute(default=False)
    valid_until = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


class TokenRow(Model):
    class Meta(TableMeta):
        table_name = table("enrollment-tokens")

    token_hash = UnicodeAttribute(hash_key=True)
    by_tenant = TokensOfTenant()
    token_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    expires_at = NumberAttribute()
    created_by = UnicodeAttribute()
    controller_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    labels = JSONAttribute(null=True)
    group_ids = JSONAttribute(null=True)
    agents = NumberAttribute(default=1)
    used_key_ids = JSONAttribute(null=True)
    ttl = NumberAttribute()


class NonceRow(Model):
    """Rows of one write unit that nobody reads; the journal of the local stack leaves this table out."""

    class Meta(TableMeta):
        table_name = table("nonces")

    nonce = UnicodeAttribute(hash_key=True)
    ttl = NumberAttribute()


class DynamoAgentStore:
    """`AgentStore` on PynamoDB."""

    def token(self, token_hash: str) -> EnrollmentToken | None:
        try:
            row = TokenRow.get(token_hash, consistent_read=True)
        except DoesNotExist:
            return None
        return EnrollmentToken(
            token_hash=row.token_hash,
            id=row.token_id or "",
            tenant_id=row.tenant_id,
            expires_at=from_millis(int(row.expires_at)),
            created_by=row.created_by,
            controller_id=row.controller_id,
            name=row.name,
            labels=dict(row.labels or {}),
            group_ids=tuple(row.group_ids or ()),
            agents=int(row.agents or 1),
            used_key_ids=tuple(row.used_key_ids or ()),
        )

    def add_token(self, token: EnrollmentToken) -> Write:
        row = TokenRow(
            token.token_hash,
            token_id=token.id,
            tenant_id=token.tenant_id,
            expires_at=epoch_millis(token.expires_at),
            created_by=token.created_by,
            controller_id=token.controller_id,
            name=token.name,
            labels=token.labels or None,
            group_ids=list(token.group_ids) or None,
            agents=token.agents,
            ttl=int((token.expires_at + _TOKEN_KEPT).timestamp()),
        )
        # Without a condition: nobody draws the same 256 bits, and a write whose answer was lost is repeated.
        return write(Put(row))

    def use_token(self, token: EnrollmentToken, key: AgentKey) -> Write:
        column: Any = TokenRow.used_key_ids
        used = list(token.used_key_ids)
        actions = (column.set([*used, key.key_id]), TokenRow.controller_id.set(key.controller_id))
        same = column == used if used else column.does_not_exist()
        return write(Update(TokenRow(token.token_hash), actions, TokenRow.token_hash.exists() & same))

    def key(self, key_id: str) -> AgentKey | None:
        try:
            row = KeyRow.get(key_id, consistent_read=True)
        except DoesNotExist:
            return None
        return AgentKey(
            key_id=row.key_id,
            public_key=row.public_key,
            tenant_id=row.tenant_id,
            controller_id=row.controller_id,
            agent_id=row.agent_id,
            revoked=bool(row.revoked),
            valid_until=None if row.valid_until is None else from_millis(int(row.valid_until)),
        )

    def add_agent(self, agent: Agent, key: AgentKey) -> list[Write]:
        row = AgentRow(
            agent.tenant_id,
            _place(agent.controller_id, agent.id),
            key_id=agent.key_id,
            created_at=epoch_millis(agent.created_at),
            version=agent.version[:_VERSION_LENGTH],
            token_id=agent.token_id,
        )
        return [
            write(Put(row, AgentRow.place.does_not_exist())),
            write(Put(_lookup(key), KeyRow.key_id.does_not_exist())),
        ]

    def agent(self, tenant_id: str, controller_id: str, agent_id: str) -> Agent | None:
        try:
            return _agent(AgentRow.get(tenant_id, _place(controller_id, agent_id), consistent_read=True))
        except DoesNotExist:
            return None

    def agents_of(self, tenant_id: str, controller_id: str) -> list[Agent]:
        rows = AgentRow.query(
            tenant_id, AgentRow.place.startswith(_place(controller_id, "")), consistent_read=True
        )
        return [_agent(row) for row in rows]

    def came_by(self, tenant_id: str, token_id: str) -> list[Agent]:
        rows = AgentRow.query(tenant_id, filter_condition=AgentRow.token_id == token_id, consistent_read=True)
        return [_agent(row) for row in rows]

    def open_epoch(
        self, agent: Agent, boot_id: str, agent_version: str, protocol_version: int, now: datetime
    ) -> Write:
        actions = (
            AgentRow.epoch.set(agent.epoch + 1),
            AgentRow.boot_id.set(boot_id),
            AgentRow.booted_at.set(epoch_millis(now)),
            AgentRow.past_boots.set(list(boots_after(agent))),
            AgentRow.version.set(agent_version[:_VERSION_LENGTH]),
            AgentRow.protocol.set(protocol_version),
        )
        return write(Update(_row(agent), actions, AgentRow.epoch == agent.epoch))

    def heard(self, agent: Agent, contact: Contact, health: HealthReport) -> Write:
        failing = packed(health)
        actions = (
            AgentRow.seen_at.set(epoch_millis(contact.seen_at)),
            AgentRow.interval.set(contact.interval),
            AgentRow.protocol.set(contact.protocol_version),
            AgentRow.failing.set(failing) if failing else AgentRow.failing.remove(),
        )
        return write(Update(_row(agent), actions, AgentRow.epoch == agent.epoch))

    def rotate(
        self, agent: Agent, key: AgentKey, now: datetime, until: datetime, taken: Refusal
    ) -> list[Write]:
        actions = (
            AgentRow.key_id.set(key.key_id),
            AgentRow.rotated_at.set(epoch_millis(now)),
            AgentRow.previous_key_id.set(agent.key_id),
            AgentRow.previous_until.set(epoch_millis(until)),
        )
        ends = (
            KeyRow.valid_until.set(epoch_millis(until)),
            KeyRow.ttl.set(int((until + _REVOKED_KEPT).timestamp())),
        )
        return [
            write(Update(_row(agent), actions, AgentRow.key_id == agent.key_id)),
            write(Put(_lookup(key), KeyRow.key_id.does_not_exist()), taken),
            write(Update(KeyRow(agent.key_id), ends, KeyRow.key_id.exists())),
            *(_refuse(each, now) for each in agent.accepted_keys(now) if each != agent.key_id),
        ]

    def revoke(self, agent: Agent, now: datetime) -> list[Write]:
        return [
            write(Delete(_row(agent), AgentRow.key_id == agent.key_id)),
            *(_refuse(each, now) for each in agent.accepted_keys(now)),
        ]

    def first_use(self, key_id: str, nonce: str, expires_at: datetime) -> bool:
        digest = hashlib.sha256(f"{key_id}#{nonce}".encode()).hexdigest()
        row = NonceRow(digest, ttl=int(expires_at.timestamp()))
        try:
            row.save(NonceRow.nonce.does_not_exist())
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def every(self, tenant_id: str) -> list[Agent]:
        return [_agent(row) for row in AgentRow.query(tenant_id, consistent_read=True)]

    def erase(self, tenant_id: str) -> bool:
        keys = list(KeyRow.by_tenant.query(tenant_id, limit=REMOVED_AT_ONCE))
        tokens = list(TokenRow.by_tenant.query(tenant_id, limit=REMOVED_AT_ONCE))
        remove_rows(KeyRow, [KeyRow(row.key_id) for row in keys])
        remove_rows(TokenRow, [TokenRow(row.token_hash) for row in tokens])
        return remove_partition(AgentRow, tenant_id) and not keys and not tokens


def _place(controller_id: str, agent_id: str) -> str:
    return f"{controller_id}#{agent_id}"


def _row(agent: Agent) -> AgentRow:
    return AgentRow(agent.tenant_id, _place(agent.controller_id, agent.id))


def _lookup(key: AgentKey) -> KeyRow:
    return KeyRow(
        key.key_id,
        public_key=key.public_key,
        tenant_id=key.tenant_id,
        controller_id=key.controller_id,
        agent_id=key.agent_id,
    )


def _refuse(key_id: str, now: datetime) -> Write:
    gone = (KeyRow.revoked.set(True), KeyRow.ttl.set(int((now + _REVOKED_KEPT).timestamp())))
    return write(Update(KeyRow(key_id), gone, KeyRow.key_id.exists()))


def _agent(row: AgentRow) -> Agent:
    controller_id, agent_id = row.place.split("#")
    return Agent(
        tenant_id=row.tenant_id,
        controller_id=controller_id,
        id=agent_id,
        key_id=row.key_id,
        created_at=from_millis(int(row.created_at)),
        epoch=int(row.epoch),
        boot_id=row.boot_id,
        past_boots=tuple(mark(each) for each in row.past_boots or ()),
        version=row.version,
        protocol_version=None if row.protocol is None else int(row.protocol),
        contact=_contact(row),
        health=HealthReport() if row.seen_at is None else unpacked(row.failing),
        previous_key_id=row.previous_key_id,
        previous_until=None if row.previous_until is None else from_millis(int(row.previous_until)),
        rotated_at=None if row.rotated_at is None else from_millis(int(row.rotated_at)),
        token_id=row.token_id,
    )


def _contact(row: AgentRow) -> Contact | None:
    if row.seen_at is None:
        return None
    seen_at = from_millis(int(row.seen_at))
    return Contact(seen_at, float(row.interval or 0), row.version, int(row.protocol or 0))
