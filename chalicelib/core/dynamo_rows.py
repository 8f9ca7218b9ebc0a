"""Whole partitions: what a tenant's export walks through and its deletion removes."""

from typing import Any

from pynamodb.models import Model

REMOVED_AT_ONCE = 200
"""Rows that one call removes: well below a second, so that callers can look at the clock in between."""


def remove_partition(model: type[Model], hash_key: str, *, limit: int = REMOVED_AT_ONCE) -> bool:
    """Remove up to `limit` rows with this hash key. True when none is left.

    Without conditions: the rows go whatever they say by now. Safe to repeat.
    """
    rows = list(model.query(hash_key, limit=limit, attributes_to_get=_key_names(model), consistent_read=True))
    remove_rows(model, rows)
    return len(rows) < limit


def remove_rows(model: type[Model], rows: list[Any]) -> None:
    """Remove rows, of which only the keys matter."""
    with model.batch_write() as batch:
        for row in rows:
            batch.delete(row)


def _key_names(model: type[Model]) -> list[Any]:
    columns = model.get_attributes().values()
    return [each for each in columns if each.is_hash_key or each.is_range_key]
