"""Use cases of signing in with e-mail and password, staying signed in, and signing out."""

from dataclasses import dataclass, replace

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, Unauthenticated
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.identity import passwords
from chalicelib.identity.attempt_rules import Action
from chalicelib.identity.attempts import Attempts
from chalicelib.identity.rules import Person, normalise_email
from chalicelib.identity.service import IdentityService, SignedIn
from chalicelib.identity.sign_in_rules import Refresh, judge_refresh
from chalicelib.identity.tokens import RefreshToken
from chalicelib.tenancy.service import Tenant

_NOBODY_KNOWN = (f"ten-{'0' * 26}", f"usr-{'0' * 26}")
"""Looked up for an address that no account has, so that it costs what an account costs."""
_VERIFIED = 2
"""Passwords verified at least: nobody can time whether an address has none, one or two accounts."""
MOST_TRIED = 10
"""Accounts that a sign-in without an organisation's name tries, the oldest: others can make accounts in one's
name, but none before one's own, so they cannot make one's sign-in too slow to work."""


@dataclass(frozen=True)
class SignInService:
    identity: IdentityService
    attempts: Attempts
    uow: UnitOfWork
    clock: Clock

    def login(self, email: str, password: str, tenant: str | None, incoming: Incoming) -> SignedIn:
        """Raises Unauthenticated with one text for every cause, TooMany while locked, Conflict
        `tenant_required` when the same e-mail and password open several tenants, and Forbidden when the
        right one's organisation does not let them in. Store and CPU do the same for an unknown account."""
        address = normalise_email(email)
        candidates = self._candidates(address, tenant)
        # A guess is tried against each of them, so it is in the log of each; and as much is written for none.
        meant = [(each.tenant_id, each.id) for each, _ in candidates]
        trail.identify_each(meant + [(trail.NOBODY, "")] * (_VERIFIED - len(meant)))
        self.attempts.count(Action.SIGN_IN, address, incoming.source_ip)
        hashes = [person.password_hash for person, _ in candidates]
        padding: list[str | None] = [None] * (_VERIFIED - len(hashes))
        verdicts = [passwords.verify(each, password) for each in hashes + padding]
        matches = [each for each, right in zip(candidates, verdicts, strict=False) if right]
        if not matches:
            raise Unauthenticated("E-mail or password is wrong.", code="wrong_credentials")
        only = len(self.identity.people.logins(address)) == 1
        self.attempts.succeeded(Action.SIGN_IN, address, incoming.source_ip, only=only)
        if len(matches) > 1:
            trail.identify(trail.NOBODY, "")  # none of them is told that there are others
            slugs = sorted(each.slug for _, each in matches)
            raise Conflict(
                "Choose the organisation to sign in to.", code="tenant_required", extra={"tenants": slugs}
            )
        [(person, _)] = matches
        trail.identify(person.tenant_id, person.id)
        self._renew_hash(person, password)
        return self.identity.open_sign_in(person, incoming)

    def refresh(self, cookie: str | None, incoming: Incoming) -> SignedIn:
        """A new access token and the next refresh token. Raises Unauthenticated; Forbidden when the
        organisation no longer lets them in."""
        token = RefreshToken.parse(cookie or "")
        if token is None:
            raise Unauthenticated("Please sign in.", code="signed_out")
        return on_conflict(lambda: self._refresh(token, incoming))

    def logout(self, cookie: str | None) -> None:
        """Ends the sign-in; harmless without one."""
        token = RefreshToken.parse(cookie or "")
        sign_in = token and self.identity.opened.get(token.tenant_id, token.user_id, token.sign_in_id)
        if token and sign_in and token.digest in (sign_in.current, sign_in.previous):
            trail.identify(token.tenant_id, token.user_id, f"sign-in:{sign_in.id}")
            self.uow.commit([self.identity.opened.remove(sign_in)])

    def _refresh(self, token: RefreshToken, incoming: Incoming) -> SignedIn:
        sign_in = self.identity.opened.get(token.tenant_id, token.user_id, token.sign_in_id)
        if sign_in is None:
            raise Unauthenticated("Please sign in.", code="signed_out")
        now = self.clock()
        verdict = judge_refresh(sign_in, token.digest, now)
        if verdict is Refresh.REVOKE:
            trail.identify(token.tenant_id, token.user_id, f"sign-in:{sign_in.id}")
            self.uow.commit([self.identity.opened.remove(sign_in)], aside=True)
            raise Unauthenticated("Please sign in again.", code="token_reused")
        if verdict is Refresh.REFUSE:
            raise Unauthenticated("Please sign in again.", code="signed_out")
        self.identity.principal(token.tenant_id, token.user_id, incoming.source_ip)
        if verdict is Refresh.REPEAT:
            return self.identity.issue(sign_in, None)
        successor = RefreshToken.new(token.tenant_id, token.user_id, token.sign_in_id)
        rotated = replace(
            sign_in,
            current=successor.digest,
            previous=sign_in.current,
            used_at=now,
            source_ip=incoming.source_ip,
        )
        self.uow.commit([self.identity.opened.rotate(sign_in, rotated)])
        return self.identity.issue(rotated, successor)

    def _candidates(self, email: str, tenant: str | None) -> list[tuple[Person, Tenant]]:
        """Who may be meant, with their tenants, the oldest first."""
        logins = self.identity.people.logins(email) or [_NOBODY_KNOWN]
        people = [self.identity.people.reading(*each) for each in logins]
        tenants = [self.identity.tenancy.reading(tenant_id) for tenant_id, _ in logins]
        found = self.identity.reads.fetch(*people, *tenants)
        wanted = (tenant or "").strip().lower()
        meant = [
            (person, home)
            for person, home in ((found[p], found[t]) for p, t in zip(people, tenants, strict=True))
            if person and home and not person.disabled and wanted in ("", home.slug)
        ]
        return sorted(meant, key=lambda each: each[0].created_at)[:MOST_TRIED]

    def _renew_hash(self, person: Person, password: str) -> None:
        if person.password_hash is None or not passwords.is_outdated(person.password_hash):
            return
        renewed = replace(person, password_hash=passwords.hash_password(password))
        try:
            self.uow.commit([self.identity.people.change(person, renewed)], aside=True)
        except ConditionFailed:
            return  # somebody changed the account meanwhile; the next sign-in tries again
