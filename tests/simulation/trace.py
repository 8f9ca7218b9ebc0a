"""What happened in a run, in order."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

Entry = tuple[float, str, str, str]


@dataclass
class Trace:
    """Entries are (virtual second, who, what, session or nothing)."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, at: float, who: str, what: str, session_id: str = "") -> None:
        self.entries.append((at, who, what, session_id))

    def digest(self) -> str:
        """Equal for equal runs."""
        return hashlib.sha256("\n".join(map(repr, self.entries)).encode()).hexdigest()[:16]

    def of(self, session_id: str) -> Iterator[str]:
        """What concerns one session, or nobody's in particular, as lines."""
        for at, who, what, about in self.entries:
            if about in ("", session_id):
                yield f"{at:10.3f}  {who:<22} {what}"
