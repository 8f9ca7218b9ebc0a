"""What is booked with quotas, read past the stores."""

from chalicelib.quotas.counters import DynamoBooks
from chalicelib.quotas.row_models import QuotaRow
from chalicelib.quotas.service import Amount
from tests.support.memory_tables import MemoryTables


def booked(tables: MemoryTables) -> dict[str, Amount]:
    """By subject."""
    rows: dict[str, QuotaRow] = {}
    for item in tables.rows(QuotaRow):
        row = QuotaRow()
        row.deserialize(dict(item))
        rows[row.subject] = row
    books = DynamoBooks(rows)
    return {each: books.used(each) for each in books.subjects()}
