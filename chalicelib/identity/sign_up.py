"""Use cases of an organisation that signs up by itself."""

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, Forbidden, Unavailable
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.identity import letters, passwords
from chalicelib.identity.attempt_rules import Action
from chalicelib.identity.attempts import Attempts
from chalicelib.identity.links import LIFETIME, Purpose, invalid, link, read
from chalicelib.identity.password_rules import check_password
from chalicelib.identity.rules import Person, Role, normalise_email
from chalicelib.identity.service import IdentityService, SignedIn
from chalicelib.identity.store import LinkStore
from chalicelib.mail.service import MailRequest, MailService, Message
from chalicelib.tenancy.service import Tenant

KIND = "sign_up"
_PLAN = "free"
_SLUG_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_LONGEST_SLUG = 34
_SLUGS_TRIED = 5


@dataclass(frozen=True)
class SignUpService:
    """`public_url` is where mails send people; `open` whether this deployment takes new organisations;
    `furnish` what a new one begins with."""

    identity: IdentityService
    attempts: Attempts
    links: LinkStore
    mail: MailService
    uow: UnitOfWork
    clock: Clock
    public_url: str
    open: bool
    furnish: Callable[[str], list[Write]]

    def ask(self, organisation: str, email: str, name: str, incoming: Incoming) -> None:
        """A mail with a link that makes the organisation; nothing exists until it is followed, so nobody
        signs up with somebody else's address. Raises Forbidden `sign_up_disabled`, TooMany."""
        self._check_open()
        address = normalise_email(email)
        trail.identify(trail.NOBODY, "")
        self.attempts.count(Action.SIGN_UP, address, incoming.source_ip)
        data = {"organisation": organisation, "name": name, "link": secrets.token_urlsafe(16)}
        self.uow.commit([self.mail.request(KIND, address, data)])

    def compose(self, request: MailRequest) -> list[Message]:
        """The same link however often it is composed."""
        claims = {
            "email": request.to,
            "organisation": request.data["organisation"],
            "name": request.data["name"],
            "jti": request.data["link"],
        }
        url = link(Purpose.SIGN_UP, claims, public_url=self.public_url, issued=request.created_at)
        return [letters.sign_up(request.to, url)]

    def confirm(self, token: str, password: str, incoming: Incoming) -> SignedIn:
        """The organisation and its owner, signed in. Raises Invalid `link_invalid` or for a weak password,
        Gone `link_expired`, Conflict `link_used`, Forbidden `sign_up_disabled`, TooMany."""
        self._check_open()
        self.attempts.count(Action.LINK, "", incoming.source_ip)
        now = self.clock()
        claims = read(Purpose.SIGN_UP, token, now=now)
        email, name, organisation, link_id = (
            claims.get(each, "") for each in ("email", "name", "organisation", "jti")
        )
        if not (email and name and organisation and link_id):
            raise invalid()
        hashed = passwords.hash_password(check_password(password, related=(email, name, organisation)))
        used = self.links.use(link_id, now + LIFETIME[Purpose.SIGN_UP])
        owner = self._create(organisation, email, name, hashed, used)
        self.attempts.succeeded(Action.LINK, "", incoming.source_ip)
        return self.identity.open_sign_in(owner, incoming)

    def _create(self, organisation: str, email: str, name: str, password_hash: str, used: Write) -> Person:
        for _ in range(_SLUGS_TRIED):
            tenant, home = self.identity.tenancy.add(slug_of(organisation), organisation, plan=_PLAN)
            owner, writes = self.identity.add_person(tenant.id, email, name, password_hash, Role.OWNER)
            _tell(tenant, owner)
            try:
                self.uow.commit([used, *home, *writes, *self.furnish(tenant.id)])
            except Conflict as conflict:
                trail.identify(trail.NOBODY, "")  # there is no such tenant, and no log of it
                trail.about("tenant", "", organisation)
                if conflict.code != "slug_taken":
                    raise
            else:
                return owner
        raise Unavailable("No free short name was found. Please try again.", retry_after=1)

    def _check_open(self) -> None:
        if not self.open:
            raise Forbidden("New organisations are made by the operator here.", code="sign_up_disabled")


def slug_of(organisation: str) -> str:
    """A short name: the organisation's in plain letters, and always four random characters, so that nobody
    learns from it which names are taken."""
    folded = unicodedata.normalize("NFKD", organisation).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_LONGEST_SLUG].strip("-")
    tail = "".join(secrets.choice(_SLUG_ALPHABET) for _ in range(4))
    return f"{plain or 'org'}-{tail}"


def _tell(tenant: Tenant, owner: Person) -> None:
    trail.identify(tenant.id, owner.id)
    trail.about("tenant", tenant.id, tenant.name)
