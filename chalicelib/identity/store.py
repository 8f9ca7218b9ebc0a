"""What identity needs from storage."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from chalicelib.core.reads import Read
from chalicelib.core.unit_of_work import Write
from chalicelib.identity.attempt_rules import Counter
from chalicelib.identity.rules import Kind, Person
from chalicelib.identity.sign_in_rules import SignIn

Position = dict[str, Any]
"""Where a list goes on; opaque to everything but the store."""


class PersonStore(Protocol):
    """People by id within their tenant, and by e-mail across tenants (sign-in only)."""

    def get(self, tenant_id: str, user_id: str) -> Person | None:
        """As of now: what was committed before is seen."""

    def reading(self, tenant_id: str, user_id: str) -> Read[Person]: ...

    def page(
        self,
        tenant_id: str,
        *,
        limit: int,
        after: Position | None,
        kind: Kind | None = None,
        group: str | None = None,
    ) -> tuple[list[Person], Position | None]:
        """Oldest first; only those of a kind or in a group where that is said."""

    def every(self, tenant_id: str) -> Iterator[Person]:
        """All of a tenant's, oldest first, as of now."""

    def must_be_active_owner(self, person: Person) -> Write:
        """Fails with ConditionFailed unless they are an owner who is not disabled, at that moment."""

    def logins(self, email: str) -> list[tuple[str, str]]:
        """Tenant and user ids of an address."""

    def by_email(self, email: str) -> list[Person]: ...

    def add(self, person: Person) -> list[Write]:
        """Refused with Conflict `email_taken` within the tenant."""

    def change(self, before: Person, after: Person) -> Write:
        """Fails with ConditionFailed when the person changed since `before` was read. Ids and e-mail stay."""

    def signed_in(self, person: Person, now: datetime) -> Write:
        """Not a change that anybody else's has to wait for."""

    def remove(self, person: Person) -> list[Write]:
        """Fails with ConditionFailed when the person changed since it was read."""


class SignInStore(Protocol):
    """Sign-ins of a user."""

    def get(self, tenant_id: str, user_id: str, sign_in_id: str) -> SignIn | None:
        """As of now."""

    def reading(self, tenant_id: str, user_id: str, sign_in_id: str) -> Read[SignIn]: ...

    def page(
        self, tenant_id: str, user_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[SignIn], Position | None]:
        """Newest first."""

    def of_tenant(self, tenant_id: str, limit: int) -> list[SignIn]: ...

    def add(self, sign_in: SignIn) -> Write: ...

    def rotate(self, before: SignIn, after: SignIn) -> Write:
        """Fails with ConditionFailed when another rotated first, or it has ended."""

    def remove(self, sign_in: SignIn) -> Write: ...


class AttemptStore(Protocol):
    """Counters of attempts, by account and by address."""

    def get(self, keys: list[str]) -> dict[str, Counter]: ...

    def replace(self, key: str, before: Counter | None, after: Counter) -> Write:
        """Fails with ConditionFailed when somebody else counted meanwhile."""

    def forgive(self, key: str) -> Write:
        """One less. Fails with ConditionFailed when it is gone."""

    def forget(self, key: str) -> Write: ...


class LinkStore(Protocol):
    """Links that work once."""

    def use(self, link_id: str, until: datetime) -> Write:
        """Refused with Conflict `link_used` the second time; remembered `until` then."""
