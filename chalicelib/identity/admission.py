"""Who may come in: sign-in, user and tenant as they are at this moment, read together for every request.

So what was revoked, disabled, suspended or moved out of an allow list is refused from the next request on; a
token's own fifteen minutes are only the time after which it is to be renewed.
"""

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Forbidden, Unauthenticated
from chalicelib.core.reads import Reads
from chalicelib.identity import tokens
from chalicelib.identity.rules import PERMISSIONS, Person, User
from chalicelib.identity.store import PersonStore, SignInStore
from chalicelib.tenancy.service import TenancyService, Tenant, TenantState


@dataclass(frozen=True)
class Admission:
    people: PersonStore
    opened: SignInStore
    tenancy: TenancyService
    reads: Reads
    clock: Clock

    def authenticate(self, incoming: Incoming) -> User:
        """The user behind `Authorization: Bearer …`, as sign-in, user and tenant are at this moment: what was
        revoked, disabled or suspended is refused from the next request on. Raises Unauthenticated, and
        Forbidden `tenant_suspended` or `address_not_allowed`."""
        scheme, _, text = incoming.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated("Send an access token: Authorization: Bearer …")
        now = self.clock()
        token = tokens.read_access(text.strip(), now=now)
        sign_in = self.opened.reading(token.tenant_id, token.user_id, token.sign_in_id)
        person = self.people.reading(token.tenant_id, token.user_id)
        tenant = self.tenancy.reading(token.tenant_id)
        found = self.reads.fetch(sign_in, person, tenant)
        opened = found[sign_in]
        if opened is None or now >= opened.expires_at:
            raise _signed_out()
        admitted = _admitted(found[person], found[tenant], incoming.source_ip)
        return User(
            tenant_id=admitted.tenant_id,
            user_id=admitted.id,
            role=admitted.role,
            sign_in_id=opened.id,
            groups=admitted.groups,
            charged_group=admitted.charged_group,
        )

    def principal(self, tenant_id: str, user_id: str, source_ip: str) -> Person:
        """Somebody who proved by other means who they are, if they may come in at all. Raises as
        `authenticate` does."""
        person, tenant = self.people.reading(tenant_id, user_id), self.tenancy.reading(tenant_id)
        found = self.reads.fetch(person, tenant)
        return _admitted(found[person], found[tenant], source_ip)

    def present(
        self, tenant_id: str, asked: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], frozenset[str]]:
        """Of users and their sign-ins, those that a request would be served for at this moment, with what
        their roles permit. An empty sign-in is one that somebody else vouches for. Addresses are not asked
        about: there is no request."""
        now = self.clock()
        tenant = self.tenancy.reading(tenant_id)
        people = {user: self.people.reading(tenant_id, user) for user, _ in asked}
        opened = {each: self.opened.reading(tenant_id, *each) for each in asked if each[1]}
        found = self.reads.fetch(tenant, *people.values(), *opened.values())
        home = found[tenant]
        if home is None or home.suspended:
            return {}
        granted = {}
        for each in asked:
            person, sign_in = found[people[each[0]]], found[opened[each]] if each[1] else None
            vouched = not each[1] or (sign_in is not None and now < sign_in.expires_at)
            if vouched and person is not None and not person.disabled:
                granted[each] = PERMISSIONS[person.role]
        return granted


def _admitted(person: Person | None, tenant: Tenant | None, source_ip: str) -> Person:
    if person is None or person.disabled or tenant is None:
        raise _signed_out()
    if tenant.state is TenantState.DELETING:
        raise Unauthenticated("This organisation is being deleted.", code="tenant_deleting")
    if tenant.suspended:
        raise Forbidden("This organisation is suspended.", code="tenant_suspended")
    if not tenant.settings.admits(source_ip):
        raise Forbidden(
            "Your organisation does not allow access from this address.", code="address_not_allowed"
        )
    return person


def _signed_out() -> Unauthenticated:
    return Unauthenticated("Please sign in again.", code="signed_out")
