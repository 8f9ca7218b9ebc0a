"""Links that were used, remembered until they would have expired anyway. They belong to no tenant."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.core.dynamo import Put, TableMeta, table, write
from chalicelib.core.errors import Conflict
from chalicelib.core.unit_of_work import Write


class UsedLinkRow(Model):
    class Meta(TableMeta):
        table_name = table("used-links")

    link_id = UnicodeAttribute(hash_key=True)
    ttl = NumberAttribute()


class DynamoLinkStore:
    """`LinkStore` on PynamoDB."""

    def use(self, link_id: str, until: datetime) -> Write:
        return write(
            Put(UsedLinkRow(link_id, ttl=int(until.timestamp())), UsedLinkRow.link_id.does_not_exist()),
            lambda: Conflict("This link was used already. Sign in instead.", code="link_used"),
        )
