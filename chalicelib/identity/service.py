"""Use cases on people and their sign-ins: what other capabilities call."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.reads import Reads
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.identity import leaving, passwords, tokens
from chalicelib.identity.admission import Admission
from chalicelib.identity.password_rules import check_password
from chalicelib.identity.rules import (
    DESCRIPTIONS,
    PERMISSIONS,
    PERSONAL,
    Kind,
    Person,
    Role,
    User,
    normalise_email,
)
from chalicelib.identity.sign_in_rules import SignIn
from chalicelib.identity.store import PersonStore, Position, SignInStore
from chalicelib.identity.tokens import AccessToken, RefreshToken
from chalicelib.tenancy.service import TenancyService, Tenant

__all__ = [
    "DESCRIPTIONS",
    "PERMISSIONS",
    "PERSONAL",
    "IdentityService",
    "Kind",
    "Person",
    "Role",
    "SignIn",
    "SignedIn",
    "User",
    "normalise_email",
]

_LONGEST_AGENT = 200
_AT_ONCE = 90
"""Rows that one unit of work ends; it has room for what goes with them."""
_PAGE = 100


@dataclass(frozen=True)
class SignedIn:
    """`refresh` is None when the client holds a newer one already (see `REUSE_GRACE`)."""

    access_token: str
    expires_in: int
    refresh: str | None


@dataclass(frozen=True)
class IdentityService:
    people: PersonStore
    opened: SignInStore
    tenancy: TenancyService
    reads: Reads
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    # Who calls

    @cached_property
    def _door(self) -> Admission:
        return Admission(self.people, self.opened, self.tenancy, self.reads, self.clock)

    def authenticate(self, incoming: Incoming) -> User:
        """The user behind `Authorization: Bearer …`; see `Admission`."""
        return self._door.authenticate(incoming)

    def principal(self, tenant_id: str, user_id: str, source_ip: str) -> Person:
        """Somebody who proved by other means who they are, if they may come in at all. Raises as
        `authenticate` does."""
        return self._door.principal(tenant_id, user_id, source_ip)

    def present(
        self, tenant_id: str, asked: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], frozenset[str]]:
        """Of users and their sign-ins, those that a request would be served for; see `Admission`."""
        return self._door.present(tenant_id, asked)

    # Sign-ins

    def open_sign_in(self, person: Person, incoming: Incoming) -> SignedIn:
        """Where every proof of identity ends: the password was right, the link was good. Raises Forbidden
        when the person's organisation does not let them in, Unauthenticated when they are disabled."""
        person = self.principal(person.tenant_id, person.id, incoming.source_ip)
        now = self.clock()
        token = RefreshToken.new(person.tenant_id, person.id, new_id("sgn"))
        sign_in = SignIn(
            tenant_id=person.tenant_id,
            user_id=person.id,
            id=token.sign_in_id,
            current=token.digest,
            previous=None,
            created_at=now,
            used_at=now,
            expires_at=now + timedelta(seconds=self.timings.refresh_token),
            source_ip=incoming.source_ip,
            user_agent=incoming.headers.get("user-agent", "")[:_LONGEST_AGENT],
        )
        trail.identify(person.tenant_id, person.id, f"sign-in:{sign_in.id}")
        self.uow.commit([self.opened.add(sign_in), self.people.signed_in(person, now)])
        return self.issue(sign_in, token)

    def issue(self, sign_in: SignIn, token: RefreshToken | None) -> SignedIn:
        """An access token of this sign-in, and the refresh token where there is a new one."""
        access = tokens.issue_access(
            AccessToken(sign_in.tenant_id, sign_in.user_id, sign_in.id),
            now=self.clock(),
            lifetime=self.timings.access_token,
        )
        return SignedIn(access, int(self.timings.access_token), token.text if token else None)

    def sign_ins(self, tenant_id: str, user_id: str) -> list[SignIn]:
        """Those that still work, newest first."""
        return list(self._sign_ins(tenant_id, user_id))

    def sign_ins_page(
        self, tenant_id: str, user_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[SignIn], Position | None]:
        """The same, in pages."""
        now = self.clock()
        found, position = self.opened.page(tenant_id, user_id, limit=limit, after=after)
        return [each for each in found if now < each.expires_at], position

    def end_sign_in(self, tenant_id: str, user_id: str, sign_in_id: str) -> None:
        """Its tokens stop working at once. Raises NotFound."""
        sign_in = self.opened.get(tenant_id, user_id, sign_in_id)
        if sign_in is None:
            raise NotFound.of("sign-in", sign_in_id)
        self.uow.commit([self.opened.remove(sign_in)])

    def end_sign_ins(self, tenant_id: str, user_id: str, *, but: str | None = None) -> int:
        """Ends all of a user's sign-ins, less the one named; how many."""
        ended = 0
        while writes := self.ending(tenant_id, user_id, but=but):
            self.uow.commit(writes)
            ended += len(writes)
        return ended

    def ending(self, tenant_id: str, user_id: str, *, but: str | None = None) -> list[Write]:
        """Ends the newest of them with the caller's own change; `end_sign_ins` afterwards ends the rest."""
        found = (each for each in self._sign_ins(tenant_id, user_id) if each.id != but)
        return [self.opened.remove(each) for each, _ in zip(found, range(_AT_ONCE), strict=False)]

    # People

    def create_user(self, tenant_id: str, email: str, name: str, password: str, role: Role) -> Person:
        """Raises Invalid for a weak password, Conflict `email_taken`."""
        hashed = self.hash_password(tenant_id, password, related=(email, name))
        person, writes = self.add_person(tenant_id, email, name, hashed, role)
        self.uow.commit(writes)
        return person

    def add_person(
        self,
        tenant_id: str,
        email: str,
        name: str,
        password_hash: str | None,
        role: Role,
        *,
        kind: Kind = "person",
        groups: Sequence[str] = (),
        charged_group: str | None = None,
    ) -> tuple[Person, list[Write]]:
        """Somebody new, for the caller's unit of work, whose writes refuse with Conflict `email_taken`. A
        service account has neither e-mail nor password."""
        person = Person(
            tenant_id=tenant_id,
            id=new_id("usr"),
            email=normalise_email(email),
            name=name,
            role=role,
            created_at=self.clock(),
            kind=kind,
            password_hash=password_hash,
            groups=tuple(groups),
            charged_group=charged_group,
        )
        return person, self.people.add(person)

    def hash_password(
        self, tenant_id: str, password: str, *, field: str = "password", related: tuple[str, ...] = ()
    ) -> str:
        """What is stored of a new password. `related` are the person's e-mail and name. Raises Invalid that
        names `field` unless it keeps to the tenant's policy."""
        tenant = self.tenancy.get(tenant_id)
        related = (*related, tenant.name, tenant.slug)
        shortest = tenant.settings.password_min_length
        return passwords.hash_password(
            check_password(password, field=field, shortest=shortest, related=related)
        )

    def person(self, tenant_id: str, user_id: str) -> Person:
        """Raises NotFound, also for another tenant's."""
        person = self.people.get(tenant_id, user_id)
        if person is None:
            raise NotFound.of("user", user_id)
        return person

    def may(self, tenant_id: str, user_id: str, permission: str) -> bool:
        """Whether somebody is there, not disabled, and permitted that at this moment."""
        person = self.people.get(tenant_id, user_id)
        return person is not None and not person.disabled and permission in PERMISSIONS[person.role]

    def get(self, user: User) -> tuple[Person, Tenant]:
        """The caller, whole. Raises NotFound when they were removed since."""
        return self.person(user.tenant_id, user.user_id), self.tenancy.get(user.tenant_id)

    def change(
        self,
        tenant_id: str,
        user_id: str,
        change: Callable[[Person], Person],
        *,
        ends: bool = False,
        but: str | None = None,
    ) -> Person:
        """Reads, changes and writes until nobody interferes; where it `ends` their sign-ins, all `but` one
        end with it. Raises NotFound and what `change` raises."""

        def attempt() -> Person:
            before = self.person(tenant_id, user_id)
            after = change(before)
            ending = self.ending(tenant_id, user_id, but=but) if ends else []
            if after != before or ending:
                self.uow.commit([self.people.change(before, after), *ending])
            return replace(after, revision=before.revision + 1)

        changed = on_conflict(attempt)
        if ends:
            self.end_sign_ins(tenant_id, user_id, but=but)
        return changed

    # Leaving

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everybody and their sign-ins, without anything that could be used to sign in."""
        for person in self._people(tenant_id):
            yield "user", leaving.told_person(person)
            for sign_in in self._sign_ins(tenant_id, person.id):
                yield "sign_in", leaving.told_sign_in(sign_in)

    def erase(self, tenant_id: str) -> bool:
        """Some of the tenant's sign-ins and people; whether nothing is left."""
        sign_ins = self.opened.of_tenant(tenant_id, _AT_ONCE)
        if sign_ins:
            self.uow.commit([self.opened.remove(each) for each in sign_ins], aside=True)
            return False
        people, _ = self.people.page(tenant_id, limit=_AT_ONCE // 2, after=None)
        if people:
            self.uow.commit([one for each in people for one in self.people.remove(each)], aside=True)
            return False
        return True

    def _people(self, tenant_id: str) -> Iterator[Person]:
        position: Position | None = None
        while True:
            found, position = self.people.page(tenant_id, limit=_PAGE, after=position)
            yield from found
            if position is None:
                return

    def _sign_ins(self, tenant_id: str, user_id: str) -> Iterator[SignIn]:
        position: Position | None = None
        while True:
            found, position = self.sign_ins_page(tenant_id, user_id, limit=_PAGE, after=position)
            yield from found
            if position is None:
                return
