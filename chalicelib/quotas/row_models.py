"""The table of quotas.

`left_*` is the number that bookings change; usage is limit less left. A row without `left_*` holds limits
alone: its subject's counters, if it has any, are kept inside the tenant's row.
"""

from typing import Any

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.core.dynamo import TableMeta, table


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
    limit_storage_bytes = NumberAttribute(null=True)
    left_sessions = NumberAttribute(null=True)
    left_cpu_millis = NumberAttribute(null=True)
    left_memory_bytes = NumberAttribute(null=True)
    left_gpu = NumberAttribute(null=True)
    left_storage_bytes = NumberAttribute(null=True)
    inside: Any = MapAttribute(null=True)  # type: ignore[no-untyped-call]
