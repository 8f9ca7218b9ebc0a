"""Use cases of somebody who forgot their password."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, DomainError
from chalicelib.core.ids import is_id
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.identity import letters
from chalicelib.identity.attempt_rules import Action
from chalicelib.identity.attempts import Attempts
from chalicelib.identity.links import Purpose, invalid, link, read
from chalicelib.identity.rules import Person, normalise_email
from chalicelib.identity.service import IdentityService
from chalicelib.mail.service import MailRequest, MailService, Message

KIND = "password_reset"


@dataclass(frozen=True)
class RecoveryService:
    """`public_url` is where mails send people."""

    identity: IdentityService
    attempts: Attempts
    mail: MailService
    uow: UnitOfWork
    clock: Clock
    public_url: str

    def ask(self, email: str, incoming: Incoming) -> None:
        """A mail to whoever this address belongs to. Whether that is anybody is found out when the mail is
        composed: this does the same for all. Raises TooMany."""
        address = normalise_email(email)
        trail.identify(trail.NOBODY, "")
        self.attempts.count(Action.RESET, address, incoming.source_ip)
        self.uow.commit([self.mail.request(KIND, address, {})])

    def compose(self, request: MailRequest) -> list[Message]:
        """One mail for each organisation that lets this address in; none for an unknown one."""
        messages = []
        for person in self.identity.people.by_email(request.to):
            tenant = self.identity.tenancy.get(person.tenant_id)
            if not person.disabled and not tenant.suspended:
                claims = {"tenant": person.tenant_id, "sub": person.id, "state": _state(person)}
                url = link(
                    Purpose.PASSWORD_RESET, claims, public_url=self.public_url, issued=request.created_at
                )
                messages.append(letters.password_reset(person, tenant.name, url))
        return messages

    def reset(self, token: str, new_password: str, incoming: Incoming) -> None:
        """Sets the password and ends all sign-ins. Raises Invalid `link_invalid` or for a weak password,
        Gone `link_expired`, Conflict `link_used`, Forbidden when the organisation does not let them in,
        TooMany."""
        self.attempts.count(Action.LINK, "", incoming.source_ip)
        claims = read(Purpose.PASSWORD_RESET, token, now=self.clock())
        tenant_id, user_id = claims.get("tenant", ""), claims.get("sub", "")
        if not (is_id(tenant_id, "ten") and is_id(user_id, "usr")):
            raise invalid()
        person = self.identity.principal(tenant_id, user_id, incoming.source_ip)
        trail.identify(tenant_id, user_id)
        trail.about("user", user_id, person.email)
        if _state(person) != claims.get("state"):
            raise _used()
        hashed = self.identity.hash_password(
            tenant_id, new_password, field="new_password", related=(person.email, person.name)
        )
        self.identity.change(tenant_id, user_id, _unless_changed(claims["state"], hashed), ends=True)
        self.attempts.succeeded(Action.LINK, "", incoming.source_ip)
        self.attempts.start_afresh(Action.SIGN_IN, person.email, incoming.source_ip)


def _unless_changed(state: str, password_hash: str) -> Callable[[Person], Person]:
    def change(person: Person) -> Person:
        if _state(person) != state:
            raise _used()
        return replace(person, password_hash=password_hash)

    return change


def _state(person: Person) -> str:
    """Differs after every change of the password, which makes its links work once."""
    return hashlib.sha256(f"{person.id} {person.password_hash or ''}".encode()).hexdigest()


def _used() -> DomainError:
    return Conflict("This link was used already, or the password changed since.", code="link_used")
