"""Searching: unsealed and sealed entries as one list, newest first."""

from dataclasses import dataclass, replace

from chalicelib.audit.rules import Entry, Head, Sealed, named
from chalicelib.audit.sealing import Names
from chalicelib.audit.store import AuditStore, Wanted


@dataclass(frozen=True)
class Listed:
    """An entry as it is shown; `sealed` is None until it has its place in the chain."""

    entry: Entry
    sealed: Sealed | None


@dataclass(frozen=True)
class Search:
    store: AuditStore
    names: Names

    def find(self, tenant_id: str, wanted: Wanted, limit: int) -> tuple[list[Listed], str | None]:
        """One page and the id that the next one begins before. A search that leaves little of much may give
        less than `limit`, and still a next page."""
        # In this order: what is sealed between the two reads is then found twice, not missed.
        fresh = self.store.search_unsealed(tenant_id, wanted, limit)
        chained = self.store.search(tenant_id, wanted, limit)
        bound = max((each.examined for each in (fresh, chained) if each.examined), default=None)
        found = {entry.id: Listed(entry, sealed) for entry, sealed in (*fresh.entries, *chained.entries)}
        newest = [found[each] for each in sorted(found, reverse=True) if bound is None or each >= bound]
        page = newest[:limit]
        position = page[-1].entry.id if len(newest) > limit else bound
        return self._named(tenant_id, page), position

    def head(self, tenant_id: str) -> tuple[Head, int]:
        """The end of the chain, and how many entries wait for their place in it (a thousand at most)."""
        return self.store.state(tenant_id).head, self.store.count_unsealed(tenant_id)

    def _named(self, tenant_id: str, page: list[Listed]) -> list[Listed]:
        unnamed = {each.entry.actor for each in page if each.sealed is None and each.entry.actor}
        known = self.names(tenant_id, sorted(unnamed))
        return [
            replace(each, entry=named(each.entry, known)) if each.sealed is None else each for each in page
        ]
