"""The tables of sessions. Attribute names are short: a row below 1 KB is one unit to write, and lists read
whole rows."""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import STREAM_NEW_AND_OLD_IMAGE
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.core.dynamo import TableMeta, table

_SHOWN = [
    "name", "state", "want", "gen", "inc", "tpl", "tname", "ticon", "cpu", "mem", "gpu", "shm", "disk",
    "labels",
    "place", "why", "stage", "done", "total", "made", "upd", "begun", "act", "view",
]  # fmt: skip
"""What users see; changes of anything else cost the index nothing."""


class ByOwner(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """One user's sessions, newest last. `owner` is `<tenant>#<user>`, with `#ended` once archived."""

    class Meta:
        index_name = "by-owner"
        projection = IncludeProjection(_SHOWN)
        read_capacity_units = 0
        write_capacity_units = 0

    owner = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)


class ByPlace(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Where sessions are. `place` is `<tenant>#<controller>` or `<tenant>#pending`, with `#ended` once
    archived."""

    class Meta:
        index_name = "by-place"
        projection = KeysOnlyProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    place = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)


class ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What a sweeper has to look at, in shards. Sessions without open work are not in it."""

    class Meta:
        index_name = "by-due"
        projection = KeysOnlyProjection()
        read_capacity_units = 0
        write_capacity_units = 0

    shard = UnicodeAttribute(hash_key=True)
    due = NumberAttribute(range_key=True)


class SessionRow(Model):
    """The hash key is the tenant's id, with `#ended` once archived."""

    class Meta(TableMeta):
        table_name = table("sessions")
        stream_view_type = STREAM_NEW_AND_OLD_IMAGE

    tenant_id = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)
    by_owner = ByOwner()
    by_place = ByPlace()
    by_due = ByDue()

    owner = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due = NumberAttribute(null=True)
    revision = NumberAttribute(attr_name="rev", null=True)

    name = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    desired = UnicodeAttribute(attr_name="want", null=True)
    generation = NumberAttribute(attr_name="gen", null=True)
    incarnation = NumberAttribute(attr_name="inc", null=True)
    template_id = UnicodeAttribute(attr_name="tpl", null=True)
    template_name = UnicodeAttribute(attr_name="tname", null=True)
    template_icon = UnicodeAttribute(attr_name="ticon", null=True)
    cpu_millis = NumberAttribute(attr_name="cpu", null=True)
    memory_bytes = NumberAttribute(attr_name="mem", null=True)
    gpu = NumberAttribute(null=True)
    shm_bytes = NumberAttribute(attr_name="shm", null=True)
    storage_bytes = NumberAttribute(attr_name="disk", null=True)
    labels = JSONAttribute(null=True)
    reason = JSONAttribute(attr_name="why", null=True)
    stage = UnicodeAttribute(null=True)
    progress_done = NumberAttribute(attr_name="done", null=True)
    progress_total = NumberAttribute(attr_name="total", null=True)
    created_at = NumberAttribute(attr_name="made", null=True)
    updated_at = NumberAttribute(attr_name="upd", null=True)
    started_at = NumberAttribute(attr_name="begun", null=True)
    last_activity_at = NumberAttribute(attr_name="act", null=True)
    viewers = NumberAttribute(attr_name="view", null=True)

    held = UnicodeAttribute(null=True)
    group_id = UnicodeAttribute(attr_name="grp", null=True)
    persistent_home = BooleanAttribute(attr_name="home", null=True)
    delete_home = BooleanAttribute(attr_name="wipe", null=True)
    changed_at = NumberAttribute(attr_name="chg", null=True)

    issued = NumberAttribute(attr_name="cmds", null=True)
    fence = NumberAttribute(null=True)
    reported = NumberAttribute(attr_name="seq", null=True)
    open_number = NumberAttribute(attr_name="on", null=True)
    open_kind = UnicodeAttribute(attr_name="ok", null=True)
    open_since = NumberAttribute(attr_name="os", null=True)
    open_deadline = NumberAttribute(attr_name="od", null=True)
    holder_number = NumberAttribute(attr_name="hn", null=True)
    holder_agent = UnicodeAttribute(attr_name="ha", null=True)
    holder_epoch = NumberAttribute(attr_name="he", null=True)
    holder_claim = UnicodeAttribute(attr_name="hc", null=True)
    lease_until = NumberAttribute(attr_name="hu", null=True)
    finished = JSONAttribute(attr_name="fin", null=True)
    ttl = TTLAttribute(null=True)


class DetailsRow(Model):
    """What to run and where that was decided."""

    class Meta(TableMeta):
        table_name = table("session-details")

    tenant_id = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)
    spec = UnicodeAttribute(null=True)
    requirements = JSONAttribute(attr_name="req", null=True)
    assessment = JSONAttribute(attr_name="seen", null=True)
    ttl = TTLAttribute(null=True)


class TimelineRow(Model):
    """One step. The hash key is `<tenant>#<session>`, the range key the session's revision and a counter."""

    class Meta(TableMeta):
        table_name = table("session-timelines")

    session = UnicodeAttribute(hash_key=True)
    step = NumberAttribute(range_key=True)
    at = NumberAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute()
    actor = UnicodeAttribute()
    cause = UnicodeAttribute()
    reason = JSONAttribute(null=True)
    generation = NumberAttribute()
    ttl = TTLAttribute()


class RequestKeyRow(Model):
    """A request that was carried out under an idempotency key."""

    class Meta(TableMeta):
        table_name = table("session-request-keys")

    tenant_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    session_id = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    ttl = TTLAttribute()


class SuspectsRow(Model):
    """What a controller's last inventory had too much."""

    class Meta(TableMeta):
        table_name = table("inventory-suspects")

    tenant_id = UnicodeAttribute(hash_key=True)
    controller_id = UnicodeAttribute(range_key=True)
    suspects = JSONAttribute()
