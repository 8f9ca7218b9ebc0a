"""Use cases of sign-in and of people."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.errors import Conflict, NotFound, TooMany, Unauthenticated
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.identity import passwords, tokens
from chalicelib.identity.rules import (
    Person,
    Refresh,
    RefreshFamily,
    Role,
    User,
    judge_refresh,
    normalise_email,
)
from chalicelib.identity.store import AttemptStore, FamilyStore, PersonStore
from chalicelib.identity.tokens import RefreshToken
from chalicelib.tenancy.service import TenancyService, Tenant

__all__ = ["IdentityService", "Person", "Role", "SignedIn", "User"]


@dataclass(frozen=True)
class SignedIn:
    """`refresh` is None when the client holds a newer one already (see `REUSE_GRACE`)."""

    access_token: str
    expires_in: int
    refresh: str | None


@dataclass(frozen=True)
class IdentityService:
    people: PersonStore
    families: FamilyStore
    attempts: AttemptStore
    tenancy: TenancyService
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    def create_user(self, tenant_id: str, email: str, name: str, password: str, role: Role) -> Person:
        """Raises Invalid for a weak password, Conflict `email_taken`."""
        person = Person(
            tenant_id=tenant_id,
            id=new_id("usr"),
            email=normalise_email(email),
            name=name,
            role=role,
            password_hash=passwords.hash_password(passwords.check_strength(password)),
            created_at=self.clock(),
        )
        self.uow.commit(self.people.add(person))
        return person

    def get(self, user: User) -> tuple[Person, Tenant]:
        """The caller, whole. Raises NotFound when they were removed since the token was issued."""
        person = self.people.get(user.tenant_id, user.user_id)
        if person is None:
            raise NotFound.of("user", user.user_id)
        return person, self.tenancy.get(user.tenant_id)

    def login(self, email: str, password: str, *, tenant: str | None, source_ip: str) -> SignedIn:
        """Raises Unauthenticated with one text for every cause, TooMany while locked, Conflict
        `tenant_required` when the same e-mail and password open several tenants."""
        address = normalise_email(email)
        keys = [f"account#{address}", f"address#{source_ip}#{address}"]
        now = self.clock()
        locked = self.attempts.locked_until(keys)
        if locked is not None and locked > now:
            wait = int((locked - now).total_seconds()) + 1
            raise TooMany(
                f"Too many failed attempts. Try again in {wait} s.", code="locked", retry_after=wait
            )
        matches = self._matches(address, password, tenant)
        if not matches:
            for key in keys:
                self.attempts.fail(key, now)
            raise Unauthenticated("E-mail or password is wrong.", code="wrong_credentials")
        if len(matches) > 1:
            slugs = sorted(self.tenancy.get(person.tenant_id).slug for person in matches)
            raise Conflict(
                "Choose the organisation to sign in to.", code="tenant_required", extra={"tenants": slugs}
            )
        person = matches[0]
        for key in keys:
            self.attempts.clear(key)
        if passwords.is_outdated(person.password_hash):
            self.uow.commit([self.people.set_password(person, passwords.hash_password(password))])
        return self._open_family(person)

    def refresh(self, cookie: str | None) -> SignedIn:
        """A new access token and the next refresh token. Raises Unauthenticated."""
        token = RefreshToken.parse(cookie or "")
        family = self.families.get(token.family_id) if token else None
        if token is None or family is None:
            raise Unauthenticated("Please sign in.", code="signed_out")
        now = self.clock()
        verdict = judge_refresh(family, token.digest, now)
        if verdict is Refresh.REVOKE:
            self.uow.commit([self.families.revoke(family)])
        if verdict in (Refresh.REVOKE, Refresh.REFUSE):
            raise Unauthenticated("Please sign in again.", code="signed_out")
        person = self.people.get(family.tenant_id, family.user_id)
        if person is None or person.disabled or self.tenancy.get(family.tenant_id).suspended:
            raise Unauthenticated("Please sign in again.", code="signed_out")
        successor: RefreshToken | None = None
        if verdict is Refresh.ROTATE:
            successor = RefreshToken.new(family.id)
            try:
                self.uow.commit([self.families.rotate(family, successor.digest, now)])
            except ConditionFailed:
                successor = None  # another tab rotated in this moment; its cookie is the newer one
        return self._signed_in(person, family.id, successor)

    def logout(self, cookie: str | None) -> None:
        """Ends the family; harmless without one."""
        token = RefreshToken.parse(cookie or "")
        family = self.families.get(token.family_id) if token else None
        if token and family and token.digest in (family.current, family.previous):
            self.uow.commit([self.families.revoke(family)])

    def authenticate(self, incoming: Incoming) -> User:
        """The user behind `Authorization: Bearer …`. Raises Unauthenticated."""
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send an access token: Authorization: Bearer …")
        return tokens.read_access(token.strip(), now=self.clock())

    def _matches(self, email: str, password: str, tenant: str | None) -> list[Person]:
        candidates = [person for person in self.people.by_email(email) if not person.disabled]
        if tenant:
            wanted = self.tenancy.find(tenant)
            candidates = [person for person in candidates if wanted and person.tenant_id == wanted.id]
        if not candidates:
            passwords.verify(None, password)
            return []
        matching = [person for person in candidates if passwords.verify(person.password_hash, password)]
        return [person for person in matching if not self.tenancy.get(person.tenant_id).suspended]

    def _open_family(self, person: Person) -> SignedIn:
        token = RefreshToken.new(new_id("fam"))
        now = self.clock()
        family = RefreshFamily(
            id=token.family_id,
            tenant_id=person.tenant_id,
            user_id=person.id,
            current=token.digest,
            previous=None,
            rotated_at=now,
            expires_at=now + timedelta(seconds=self.timings.refresh_token),
        )
        self.uow.commit([self.families.add(family)])
        return self._signed_in(person, family.id, token)

    def _signed_in(self, person: Person, family_id: str, token: RefreshToken | None) -> SignedIn:
        user = User(person.tenant_id, person.id, person.role, family_id)
        access = tokens.issue_access(user, now=self.clock(), lifetime=self.timings.access_token)
        return SignedIn(access, int(self.timings.access_token), token.text if token else None)
