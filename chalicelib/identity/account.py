"""Use cases of one's own account."""

from dataclasses import dataclass, replace

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.confinement import confined_to
from chalicelib.core.errors import FieldError, Forbidden
from chalicelib.identity import passwords
from chalicelib.identity.attempt_rules import Action
from chalicelib.identity.attempts import Attempts
from chalicelib.identity.rules import Person, User
from chalicelib.identity.service import IdentityService


@dataclass(frozen=True)
class AccountService:
    identity: IdentityService
    attempts: Attempts

    def change(self, user: User, name: str | None, preferences: dict[str, str | None]) -> Person:
        """What is named changes; a preference of None goes back to what is usual."""

        def changed(person: Person) -> Person:
            merged = {**person.preferences, **preferences}
            kept = {key: value for key, value in merged.items() if value is not None}
            return replace(person, name=name or person.name, preferences=kept)

        trail.about("user", user.user_id, name or "")
        changes = {**({"name": name} if name else {}), **preferences}
        trail.note(**changes)
        return self.identity.change(user.tenant_id, user.user_id, changed)

    def change_password(self, user: User, current: str, new: str, incoming: Incoming) -> None:
        """Ends all other sign-ins. Raises Forbidden `wrong_password`, Invalid for a weak new one, TooMany:
        who holds a stolen access token may not guess here either."""
        person = self.confirm(user, current, incoming, field="current_password")
        trail.about("user", person.id, person.email)
        hashed = self.identity.hash_password(
            user.tenant_id, new, field="new_password", related=(person.email, person.name)
        )
        self.identity.change(
            user.tenant_id,
            user.user_id,
            lambda each: replace(each, password_hash=hashed),
            ends=True,
            but=user.sign_in_id,
        )

    def confirm(self, user: User, password: str, incoming: Incoming, *, field: str = "password") -> Person:
        """That it is really them, before something that matters. Raises Forbidden `wrong_password` that names
        `field`, TooMany: guesses count like those at sign-in."""
        person = self.identity.person(user.tenant_id, user.user_id)
        with confined_to(""):  # the counters belong to no tenant
            self.attempts.count(Action.SIGN_IN, person.email, incoming.source_ip)
        if not passwords.verify(person.password_hash, password):
            message = "This is not your current password."
            raise Forbidden(message, code="wrong_password", errors=(FieldError(field, message),))
        with confined_to(""):
            only = len(self.identity.people.logins(person.email)) == 1
            self.attempts.succeeded(Action.SIGN_IN, person.email, incoming.source_ip, only=only)
        return person
