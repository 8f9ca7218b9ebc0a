"""Templates on DynamoDB: one row a template, its description as one JSON document."""

import itertools
from typing import Any, cast

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.models import Model

from chalicelib.catalog.rules import Template
from chalicelib.catalog.store import Position, Shown
from chalicelib.core.dynamo import Delete, Put, TableMeta, table, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.unit_of_work import Write

_DOCUMENT: TypeAdapter[Template] = TypeAdapter(Template)


class TemplateRow(Model):
    class Meta(TableMeta):
        table_name = table("templates")

    tenant_id = UnicodeAttribute(hash_key=True)
    template_id = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    document = UnicodeAttribute()


class DynamoTemplateStore:
    """`TemplateStore` on PynamoDB."""

    def get(self, tenant_id: str, template_id: str) -> Template | None:
        try:
            return _template(TemplateRow.get(tenant_id, template_id))
        except DoesNotExist:
            return None

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None, shown: Shown
    ) -> tuple[list[Template], Position | None]:
        rows = TemplateRow.query(tenant_id, page_size=limit, last_evaluated_key=after)
        visible = (template for template in map(_template, rows) if shown(template))
        found = list(itertools.islice(visible, limit))
        # Where it stopped reading, be that in the middle of what one answer held.
        return found, cast("dict[str, Any] | None", rows.last_evaluated_key)

    def add(self, template: Template) -> Write:
        return write(Put(_row(template), TemplateRow.template_id.does_not_exist()))

    def replace(self, template: Template) -> Write:
        return write(Put(_row(template), TemplateRow.version == template.version - 1))

    def remove(self, template: Template) -> Write:
        return write(Delete(TemplateRow(template.tenant_id, template.id)))

    def count(self, tenant_id: str) -> int:
        return TemplateRow.count(tenant_id, consistent_read=True)

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(TemplateRow, tenant_id)


def _row(template: Template) -> TemplateRow:
    return TemplateRow(
        template.tenant_id,
        template.id,
        version=template.version,
        document=_DOCUMENT.dump_json(template).decode(),
    )


def _template(row: TemplateRow) -> Template:
    return _DOCUMENT.validate_json(row.document)
