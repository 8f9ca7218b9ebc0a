"""Use cases on API keys: show who one is with one, and make, rotate, revoke and list them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.api_keys.rules import (
    ApiKey,
    State,
    check_scopes,
    rotated,
    use_is_worth_noting,
)
from chalicelib.api_keys.secrets import PREFIX, Secret
from chalicelib.api_keys.store import ApiKeyStore, Position
from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from chalicelib.core.ids import new_id
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.identity.rules import PERMISSIONS
from chalicelib.identity.service import IdentityService, Person, User
from chalicelib.tenancy.service import TenancyService

__all__ = ["ApiKey", "ApiKeyService", "Issued", "State"]


@dataclass(frozen=True)
class Issued:
    """A key as it is shown this one time."""

    key: ApiKey
    secret: Secret

    @classmethod
    def new(
        cls,
        tenant_id: str,
        user_id: str,
        name: str,
        scopes: tuple[str, ...],
        *,
        now: datetime,
        lifetime: timedelta,
    ) -> "Issued":
        """A key with a fresh secret."""
        secret = Secret.new(tenant_id, new_id("key"))
        key = ApiKey(
            tenant_id=tenant_id,
            id=secret.key_id,
            user_id=user_id,
            name=name,
            hint=secret.hint,
            digest=secret.digest,
            scopes=scopes,
            created_at=now,
            expires_at=now + lifetime,
        )
        return cls(key, secret)

    @classmethod
    def after(cls, key: ApiKey, now: datetime) -> "Issued":
        """A key that is to take another's place: as long-lived as that was made."""
        lifetime = key.expires_at - key.created_at
        return cls.new(key.tenant_id, key.user_id, key.name, key.scopes, now=now, lifetime=lifetime)


@dataclass(frozen=True)
class ApiKeyService:
    store: ApiKeyStore
    identity: IdentityService
    tenancy: TenancyService
    uow: UnitOfWork
    clock: Clock

    @staticmethod
    def is_meant(incoming: Incoming) -> bool:
        """Whether the request shows an API key, good or bad, where credentials go: in the header alone."""
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and token.strip().startswith(PREFIX)

    def authenticate(self, incoming: Incoming) -> User:
        """The key's owner, narrowed to its scopes. Raises Unauthenticated in the same words for every cause,
        except for who holds the secret of a key that expired (`key_expired`); Forbidden as
        `IdentityService.principal` does."""
        shown = Secret.parse(incoming.headers.get("authorization", "").partition(" ")[2].strip())
        if shown is None:
            raise _invalid()
        key = self.store.get(shown.tenant_id, shown.key_id)
        if not shown.fits(key.digest if key else None) or key is None:
            raise _invalid()
        now = self.clock()
        state = key.state(now)
        if state is State.EXPIRED:
            raise Unauthenticated("This API key has expired.", code="key_expired")
        if state is not State.ACTIVE:
            raise _invalid()
        try:
            person = self.identity.principal(key.tenant_id, key.user_id, incoming.source_ip)
        except Unauthenticated:
            raise _invalid() from None
        self._note_use(key, now, incoming.source_ip)
        return User(
            tenant_id=key.tenant_id,
            user_id=person.id,
            role=person.role,
            groups=person.groups,
            charged_group=person.charged_group,
            key_id=key.id,
            scopes=frozenset(key.scopes),
        )

    def works(self, tenant_id: str, key_id: str) -> bool:
        """Whether a key that was shown before would still be taken."""
        key = self.store.get(tenant_id, key_id)
        return key is not None and key.state(self.clock()) is State.ACTIVE

    def create(
        self, caller: User, name: str, scopes: Sequence[str], lifetime: timedelta, user_id: str | None = None
    ) -> Issued:
        """A new key of the caller's, or of a service account. Raises Invalid for scopes it cannot have or an
        unknown account, Forbidden, Conflict `plan_limit`."""
        owner = self._owner(caller, user_id)
        now = self.clock()
        wanted = check_scopes(scopes, PERMISSIONS[owner.role], caller.permissions)
        issued = Issued.new(owner.tenant_id, owner.id, name, wanted, now=now, lifetime=lifetime)
        self.tenancy.allow(owner.tenant_id, "api_keys", self._active(owner.tenant_id, now))
        self._tell(issued.key)
        self.uow.commit([self.store.add(issued.key)])
        return issued

    def rotate(self, caller: User, key_id: str, overlap: timedelta) -> Issued:
        """A new key in the old one's place, with its name, scopes and lifetime; the old one works for
        `overlap` more. Raises NotFound, Forbidden, and Conflict `key_ended` or `already_rotated`."""

        def attempt() -> Issued:
            before, now = self._visible(caller, key_id), self.clock()
            self._must_be_as_powerful(caller, before)
            issued = Issued.after(before, now)
            after = rotated(before, issued.key, overlap, now)
            trail.about("api_key", key_id, before.name)
            trail.note(replaced_by=issued.key.id, works_until=after.expires_at.isoformat())
            self.uow.commit([self.store.add(issued.key), self.store.rotate(before, after)])
            return issued

        return on_conflict(attempt)

    def revoke(self, caller: User, key_id: str) -> None:
        """It works no more, from the next request on; again changes nothing. Raises NotFound."""
        key = self._visible(caller, key_id)
        trail.about("api_key", key_id, key.name)
        trail.note(owner=key.user_id)
        self._end(key)

    def end_all(self, tenant_id: str, user_id: str) -> int:
        """Revoke everything that a user has, who is being removed; how many worked until now."""
        ended = 0
        for key in self.store.of_tenant(tenant_id):
            if key.user_id == user_id and key.state(self.clock()) is State.ACTIVE:
                self._end(key, aside=True)
                ended += 1
        return ended

    def page(
        self, caller: User, *, user_id: str | None, everyone: bool, limit: int, after: Position | None
    ) -> tuple[list[ApiKey], Position | None]:
        """The caller's keys, another user's or everybody's, newest first. Raises Forbidden."""
        sees_all = "api_keys:read_all" in caller.permissions
        if (everyone or user_id not in (None, caller.user_id)) and not sees_all:
            raise Forbidden(
                "This needs the permission api_keys:read_all.", extra={"permission": "api_keys:read_all"}
            )
        if everyone and user_id is None:
            return self.store.page(caller.tenant_id, limit=limit, after=after)
        if caller.key_id and not sees_all:
            # A key knows itself, not what else its owner has.
            own = self.store.get(caller.tenant_id, caller.key_id)
            return ([own] if own else []), None
        wanted = user_id or caller.user_id
        return self.store.page_of(caller.tenant_id, wanted, limit=limit, after=after)

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tenant's keys, without what would open anything."""
        now = self.clock()
        for key in self.store.of_tenant(tenant_id):
            yield (
                "api_key",
                {
                    "id": key.id,
                    "user_id": key.user_id,
                    "name": key.name,
                    "hint": key.hint,
                    "scopes": list(key.scopes),
                    "state": key.state(now).value,
                    "created_at": key.created_at.isoformat(),
                    "expires_at": key.expires_at.isoformat(),
                    "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
                    "last_used_ip": key.last_used_ip,
                },
            )

    def erase(self, tenant_id: str) -> bool:
        """Remove the tenant's keys, a slice a call; True when none is left."""
        return self.store.erase(tenant_id)

    def _owner(self, caller: User, user_id: str | None) -> Person:
        if user_id is None or user_id == caller.user_id:
            owner = self.identity.people.get(caller.tenant_id, caller.user_id)
            if owner is None:
                raise NotFound.of("user", caller.user_id)
            return owner
        if "api_keys:write_all" not in caller.permissions:
            raise Forbidden(
                "This needs the permission api_keys:write_all.", extra={"permission": "api_keys:write_all"}
            )
        owner = self.identity.people.get(caller.tenant_id, user_id)
        if owner is None or owner.kind != "service":
            # Nobody gets a key that speaks for another person.
            raise Invalid.field("user_id", "Name a service account, or leave it out for a key of your own.")
        return owner

    def _visible(self, caller: User, key_id: str) -> ApiKey:
        """A key that the caller may act on."""
        key = self.store.get(caller.tenant_id, key_id)
        if key is None or (key.user_id != caller.user_id and "api_keys:write_all" not in caller.permissions):
            raise NotFound.of("api key", key_id)
        return key

    def _must_be_as_powerful(self, caller: User, key: ApiKey) -> None:
        """Whoever rotates a key holds the new one: only one's own, or a service account's that can do no more
        than oneself."""
        if key.user_id == caller.user_id:
            return
        owner = self.identity.people.get(key.tenant_id, key.user_id)
        if owner is None or owner.kind != "service":
            raise Forbidden("Only its owner can rotate a person's key. You can revoke it.")
        if not PERMISSIONS[owner.role] & frozenset(key.scopes) <= caller.permissions:
            raise Forbidden("This key can do more than you can. You can revoke it.")

    def _end(self, key: ApiKey, *, aside: bool = False) -> None:
        try:
            self.uow.commit([self.store.revoke(key, self.clock())], aside=aside)
        except ConditionFailed:
            return  # ended before

    def _active(self, tenant_id: str, now: datetime) -> int:
        return sum(key.state(now) is State.ACTIVE for key in self.store.of_tenant(tenant_id))

    def _note_use(self, key: ApiKey, now: datetime, source_ip: str) -> None:
        """Never in the way of what the key is used for."""
        if not use_is_worth_noting(key, now):
            return
        try:
            self.uow.commit([self.store.used(key, now, source_ip)], aside=True)
        except ConditionFailed:
            return  # another request noted it
        except Exception:
            logger.warning("a key's last use was not noted", extra={"api_key_id": key.id}, exc_info=True)

    @staticmethod
    def _tell(key: ApiKey) -> None:
        trail.about("api_key", key.id, key.name)
        trail.note(owner=key.user_id, scopes=", ".join(key.scopes), expires_at=key.expires_at.isoformat())


def _invalid() -> Unauthenticated:
    return Unauthenticated("This API key is not valid.", code="key_invalid")
