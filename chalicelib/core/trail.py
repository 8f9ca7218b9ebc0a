"""Who is doing what, from where: known at the edge, written with the change itself.

The API shell opens a trail for every operation that is audited; the unit of work of the first change that is
committed under it takes the audit entry along in the same transaction, so that there is no change without its
entry and no entry without its change. Use cases say only what the edge cannot know:

    trail.about("user", person.id, person.email)   # what was created
    trail.note(role="admin")                       # facts worth reading later; never secrets
    trail.identify(tenant_id, user_id)             # who it is, where nobody was signed in yet

What an entry looks like in storage, and how entries are sealed, is the audit capability's (`audit/`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from chalicelib.core.ids import new_id

NOBODY = "nobody"
"""Stands for the tenant of what no tenant can be told for: a failed sign-in to an account that is not."""
_LONGEST_FACT = 500


@dataclass
class Trail:
    """One audited operation. `id` is the entry's, fixed before the first attempt: a transaction that is
    tried again writes the same entry."""

    action: str
    source_ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    tenant_id: str = ""
    actor: str = ""
    via: str = ""
    target_type: str = ""
    target_id: str = ""
    target_name: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("aud"))
    written: bool = False
    others: tuple[tuple[str, str], ...] = ()
    """Further tenants and actors whom a refusal concerns as well."""

    @property
    def pending(self) -> bool:
        """Whether the next change has to take the entry along."""
        return not self.written and bool(self.tenant_id)


_current: ContextVar[Trail | None] = ContextVar("trail", default=None)


@contextmanager
def opened(trail: Trail | None) -> Iterator[None]:
    """The trail of everything that happens inside; None for operations that are not audited."""
    token = _current.set(trail)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def item(action: str) -> Iterator[None]:
    """One of many things that a request does: the change inside gets an entry of its own. Nothing outside an
    audited request."""
    whole = _current.get()
    own = whole and replace(whole, action=action, id=new_id("aud"), written=False, facts={})
    with opened(own):
        yield


def current() -> Trail | None:
    """The trail of this request, if it is audited."""
    return _current.get()


def identify(tenant_id: str, actor: str, via: str = "") -> None:
    """Say who acts, where the edge could not know. Nothing outside an audited request."""
    trail = _current.get()
    if trail is not None:
        trail.tenant_id, trail.actor, trail.via = tenant_id, actor, via or trail.via
        trail.others = ()


def identify_each(whose: Sequence[tuple[str, str]]) -> None:
    """Say who may be meant, by tenant and actor, while it is not known which: a refusal goes to the log of
    each, none of which names another."""
    (tenant_id, actor), *others = whose
    identify(tenant_id, actor)
    trail = _current.get()
    if trail is not None:
        trail.others = tuple(others)


def about(kind: str, identifier: str, name: str = "") -> None:
    """Say what is acted on, where the path does not name it or a name helps whoever reads."""
    trail = _current.get()
    if trail is not None:
        trail.target_type, trail.target_id, trail.target_name = kind, identifier, name[:_LONGEST_FACT]


def note(**facts: object) -> None:
    """Add facts that a reader will want: a role, the names of what changed. Never a secret."""
    trail = _current.get()
    if trail is not None:
        trail.facts.update({name: str(value)[:_LONGEST_FACT] for name, value in facts.items()})
