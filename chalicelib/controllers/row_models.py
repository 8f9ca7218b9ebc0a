"""The tables of controllers.

What bookings and heartbeats touch is one row, kept below 1 KB for a healthy controller, so that either costs
one write unit (two in a transaction). What only heartbeats say is one JSON attribute.
"""

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import STREAM_NEW_AND_OLD_IMAGE
from pynamodb.models import Model

from chalicelib.core.dynamo import TableMeta, table


class ControllerRow(Model):
    class Meta(TableMeta):
        table_name = table("controllers")
        stream_view_type = STREAM_NEW_AND_OLD_IMAGE

    tenant_id = UnicodeAttribute(hash_key=True)
    controller_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    platform = UnicodeAttribute()
    backend_id = UnicodeAttribute()
    created_at = NumberAttribute()
    labels = JSONAttribute(null=True)
    cordoned = BooleanAttribute(default=False)
    session_limit = NumberAttribute(null=True)
    capacity_cpu_millis = NumberAttribute(null=True)
    capacity_memory_bytes = NumberAttribute(null=True)
    capacity_gpu = NumberAttribute(null=True)
    booked_sessions = NumberAttribute(default=0)
    booked_cpu_millis = NumberAttribute(default=0)
    booked_memory_bytes = NumberAttribute(default=0)
    booked_gpu = NumberAttribute(default=0)
    seen_at = NumberAttribute(null=True)
    interval = NumberAttribute(null=True)
    report = UnicodeAttribute(null=True)
    unclaimed_since = NumberAttribute(null=True)
    group_ids = ListAttribute(of=UnicodeAttribute, null=True)
    awake = NumberAttribute(default=0)
    drain = JSONAttribute(null=True)
    paused_until = NumberAttribute(null=True)
    pause_reason = UnicodeAttribute(null=True)
    queue_number = NumberAttribute(null=True)
    queues_from = NumberAttribute(null=True)


class BackendRow(Model):
    """Which controller a backend is; makes a backend known once per tenant."""

    class Meta(TableMeta):
        table_name = table("controller-backends")

    tenant_id = UnicodeAttribute(hash_key=True)
    backend_id = UnicodeAttribute(range_key=True)
    controller_id = UnicodeAttribute()
