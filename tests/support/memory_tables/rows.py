"""One table: its items, sorted under each hash key, in the table and in its indexes."""

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from tests.support.memory_tables.schema import NO_RANGE, IndexSchema, Key, TableSchema
from tests.support.memory_tables.values import Item

Entry = tuple[Any, Key]
"""A range key, and the row that has it."""
_REMEMBERED = 64
"""Changes whose previous versions a table keeps for readers that are behind."""


class Shelf:
    """Rows under one hash key each, sorted by a range key."""

    def __init__(self) -> None:
        self._sorted: dict[Any, list[Entry]] = {}

    def under(self, hash_key: Any) -> list[Entry]:
        return self._sorted.get(hash_key, [])

    def put(self, hash_key: Any, entry: Entry) -> None:
        insort(self._sorted.setdefault(hash_key, []), entry)

    def drop(self, hash_key: Any, entry: Entry) -> None:
        listed = self._sorted[hash_key]
        del listed[bisect_left(listed, entry)]
        if not listed:
            del self._sorted[hash_key]


class Table:
    """Items are never changed in place: whoever holds one holds that version."""

    def __init__(self, schema: TableSchema, clock: Callable[[], float]) -> None:
        self.schema = schema
        self.items: dict[Key, Item] = {}
        self._clock = clock
        self._shelf = Shelf()
        self._indexes = {name: Shelf() for name in schema.indexes}
        self._before: dict[Key, tuple[float, Item | None]] = {}

    def replace(self, key: Key, item: Item | None) -> Item | None:
        """Put the item there, or None. What was there before."""
        before = self.items.get(key)
        self._before.pop(key, None)
        self._before[key] = (self._clock(), before)
        if len(self._before) > _REMEMBERED:
            del self._before[next(iter(self._before))]
        if item is None:
            if before is not None:
                del self.items[key]
                self._shelf.drop(key[0], _entry(key))
        else:
            self.items[key] = item
            if before is None:
                self._shelf.put(key[0], _entry(key))
        for name, index in self.schema.indexes.items():
            self._reindex(self._indexes[name], index, key, before, item)
        return before

    @staticmethod
    def _reindex(shelf: Shelf, index: IndexSchema, key: Key, before: Item | None, after: Item | None) -> None:
        old = None if before is None else index.place(before)
        new = None if after is None else index.place(after)
        if old == new:
            return
        if old is not None:
            shelf.drop(old[0], (old[1], key))
        if new is not None:
            shelf.put(new[0], (new[1], key))

    def under(self, index: str | None, hash_key: Any) -> list[Entry]:
        """Sorted. Not to be changed."""
        return (self._shelf if index is None else self._indexes[index]).under(hash_key)

    def late(self, lag: float) -> dict[Key, Item | None]:
        """Rows that changed in the last `lag` seconds, as they were before their last change."""
        since = self._clock() - lag
        return {key: before for key, (at, before) in self._before.items() if at >= since}

    def under_before(self, index: str | None, hash_key: Any, late: dict[Key, Item | None]) -> list[Entry]:
        """The same as `under`, with those rows as they were."""
        found = [entry for entry in self.under(index, hash_key) if entry[1] not in late]
        for key, item in late.items():
            if item is None:
                continue
            place = (key[0], _entry(key)[0]) if index is None else self.schema.indexes[index].place(item)
            if place is not None and place[0] == hash_key:
                insort(found, (place[1], key))
        return found


def _entry(key: Key) -> Entry:
    return (key[1] if len(key) > 1 else NO_RANGE), key
