"""Use cases of invitations: offered by link, taken up once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, DomainError, Forbidden, Gone, NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.identity.service import IdentityService, Person, Role, SignedIn, User, normalise_email
from chalicelib.mail.service import MailRequest, MailService, Message, render
from chalicelib.people import letters, tokens
from chalicelib.people.groups import GroupService
from chalicelib.people.letters import Offer
from chalicelib.people.rules import (
    Invitation,
    InvitationState,
    charged,
    check_grant,
    check_owners,
    check_pace,
    still_vouched,
)
from chalicelib.people.store import InvitationStore, Position
from chalicelib.people.tokens import InvitationToken
from chalicelib.tenancy.service import TenancyService, Tenant

MAIL = "invitation"


@dataclass(frozen=True)
class Issued:
    """An invitation and the link that takes it up, which is shown to who made it and mailed, never stored."""

    invitation: Invitation
    link: str


@dataclass(frozen=True)
class InvitationService:
    store: InvitationStore
    identity: IdentityService
    groups: GroupService
    tenancy: TenancyService
    mail: MailService
    uow: UnitOfWork
    clock: Clock
    public_url: str

    def create(
        self, actor: User, *, email: str, role: Role, name: str = "", group_ids: tuple[str, ...] = ()
    ) -> Issued:
        """A new invitation, mailed. Raises Invalid, Forbidden `owners_only`, `role_too_high`, Conflict
        `email_taken`, `already_invited`, `plan_limit`, TooMany `invited_too_often`."""
        check_owners(actor, role)
        check_grant(actor, role)
        now = self.clock()
        invitation = Invitation(
            tenant_id=actor.tenant_id,
            id=new_id("inv"),
            email=normalise_email(email),
            role=role,
            created_by=actor.user_id,
            created_at=now,
            sent_at=now,
            expires_at=self._until(actor.tenant_id),
            name=name,
            groups=self.groups.check(actor.tenant_id, group_ids),
        )
        trail.about("invitation", invitation.id, invitation.email)
        trail.note(role=role.value)
        self._check_new(invitation)
        self.uow.commit(
            [self.store.add(invitation), self.mail.request(MAIL, invitation.email, _data(invitation))]
        )
        return Issued(invitation, self._link(invitation))

    def page(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Invitation], Position | None]:
        """Newest first, with those that were taken up, revoked or expired lately."""
        return self.store.page(tenant_id, limit=limit, after=after)

    def resend(self, actor: User, invitation_id: str) -> Issued:
        """Mails a new link with new time, in the name of who does this; older links stop. Raises NotFound,
        Forbidden `owners_only`, `role_too_high`, Conflict `invitation_closed`, TooMany
        `invited_too_often`."""

        def attempt() -> Invitation:
            before, now = self._of(actor, invitation_id), self.clock()
            check_grant(actor, before.role)
            check_pace(self.store.all_of(actor.tenant_id), before.email, now)
            until = self._until(actor.tenant_id)
            after = replace(
                before, serial=before.serial + 1, sent_at=now, expires_at=until, created_by=actor.user_id
            )
            request = self.mail.request(MAIL, after.email, _data(after))
            self.uow.commit([self.store.change(before, after), request])
            return after

        invitation = on_conflict(attempt)
        return Issued(invitation, self._link(invitation))

    def revoke(self, actor: User, invitation_id: str) -> None:
        """Its links stop; again changes nothing. Raises NotFound, Forbidden `owners_only`, Conflict
        `invitation_closed` once it was accepted."""

        def attempt() -> None:
            before = self._of(actor, invitation_id, revoked_too=True)
            if not before.revoked:
                self.uow.commit([self.store.change(before, replace(before, revoked=True))])

        on_conflict(attempt)

    def preview(self, text: str) -> Offer:
        """What the link offers. Raises Invalid for no link of ours, Gone `link_expired`, `link_invalid`
        (a newer one was sent), `invitation_revoked`, Conflict `link_used`, Forbidden `tenant_suspended`."""
        token = tokens.read(text)
        invitation = self._current(token)
        return Offer(self._tenant(invitation), invitation, self._inviter(invitation).name)

    def accept(self, text: str, name: str, password: str, incoming: Incoming) -> SignedIn:
        """Makes the person, once, and signs them in. Raises what `preview` does, Invalid for a password that
        is too short, Conflict `email_taken`, `plan_limit`.

        Who dies between the two is a member and signs in with the password just chosen.
        """
        token = tokens.read(text)
        trail.identify(token.tenant_id, "", f"invitation:{token.invitation_id}")
        person = on_conflict(lambda: self._accept(token, name, password, incoming.source_ip))
        return self.identity.open_sign_in(person, incoming)

    def compose(self, request: MailRequest) -> list[Message]:
        """The mail. None once the invitation was taken up, revoked or sent again."""
        invitation = self.store.get(request.data["tenant_id"], request.data["invitation_id"])
        if invitation is None or str(invitation.serial) != request.data["serial"]:
            return []
        if invitation.state(self.clock()) is not InvitationState.PENDING:
            return []
        try:
            inviter = self._inviter(invitation)
        except Gone:
            return []
        offer = Offer(self.tenancy.get(invitation.tenant_id), invitation, inviter.name)
        return [render(request.to, letters.offer(offer, self._link(invitation)))]

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tenant's invitations, without their links."""
        now = self.clock()
        for each in self.store.all_of(tenant_id):
            yield (
                "invitation",
                {
                    "id": each.id,
                    "email": each.email,
                    "name": each.name,
                    "role": each.role.value,
                    "group_ids": list(each.groups),
                    "state": each.state(now).value,
                    "created_by": each.created_by,
                    "created_at": each.created_at.isoformat(),
                    "expires_at": each.expires_at.isoformat(),
                    "accepted_by": each.accepted_by,
                },
            )

    def erase(self, tenant_id: str) -> bool:
        """Removes the tenant's invitations, a slice a call; True when none is left."""
        return self.store.erase(tenant_id)

    def _accept(self, token: InvitationToken, name: str, password: str, source_ip: str) -> Person:
        invitation = self._current(token)
        trail.about("invitation", invitation.id, invitation.email)
        self._inviter(invitation)
        tenant = self._tenant(invitation)
        if not tenant.settings.admits(source_ip):
            raise Forbidden(
                f"{tenant.name} does not allow access from this address.", code="address_not_allowed"
            )
        members = sum(each.kind == "person" for each in self.identity.people.every(tenant.id))
        self.tenancy.allow(tenant.id, "members", members)
        # A group that went since it was offered is no reason to turn somebody away.
        known = self.groups.names(tenant.id)
        groups = tuple(each for each in invitation.groups if each in known)
        hashed = self.identity.hash_password(tenant.id, password, related=(invitation.email, name))
        person, writes = self.identity.add_person(
            tenant.id,
            invitation.email,
            name,
            hashed,
            invitation.role,
            groups=groups,
            charged_group=charged(None, groups),
        )
        taken = replace(invitation, accepted_by=person.id)
        trail.identify(tenant.id, person.id, f"invitation:{invitation.id}")
        trail.note(role=person.role.value, user=person.id)
        self.uow.commit(
            [self.store.change(invitation, taken), *writes, *self.groups.still_open(tenant.id, groups)]
        )
        return person

    def _check_new(self, invitation: Invitation) -> None:
        """Soft: races are settled when it is accepted."""
        now = self.clock()
        people = [each for each in self.identity.people.every(invitation.tenant_id) if each.kind == "person"]
        if any(each.email == invitation.email for each in people):
            raise Conflict(f"{invitation.email} is a member already.", code="email_taken")
        known = list(self.store.all_of(invitation.tenant_id))
        waiting = [each for each in known if each.state(now) is InvitationState.PENDING]
        if any(each.email == invitation.email for each in waiting):
            raise Conflict(
                f"{invitation.email} has an invitation that is open. Send that one again, or revoke it.",
                code="already_invited",
            )
        check_pace(known, invitation.email, now)
        self.tenancy.allow(invitation.tenant_id, "members", len(people) + len(waiting))

    def _of(self, actor: User, invitation_id: str, *, revoked_too: bool = False) -> Invitation:
        invitation = self.store.get(actor.tenant_id, invitation_id)
        if invitation is None:
            raise NotFound.of("invitation", invitation_id)
        check_owners(actor, invitation.role)
        trail.about("invitation", invitation.id, invitation.email)
        if invitation.accepted_by is not None or (invitation.revoked and not revoked_too):
            state = invitation.state(self.clock())
            raise Conflict(f"This invitation was {state.value} before.", code="invitation_closed")
        return invitation

    def _current(self, token: InvitationToken) -> Invitation:
        """The invitation of a link that still counts."""
        invitation = self.store.get(token.tenant_id, token.invitation_id)
        refusal = _stopped(invitation, token, self.clock)
        if invitation is None or refusal is not None:
            raise refusal or _gone("invitation_revoked", "This invitation was withdrawn.")
        return invitation

    def _inviter(self, invitation: Invitation) -> Person:
        """Who answers for it. Raises Gone `invitation_revoked` when they may not invite to that any more."""
        inviter = self.identity.people.get(invitation.tenant_id, invitation.created_by)
        if inviter is None or not still_vouched(inviter, invitation.role):
            raise _gone("invitation_revoked", "This invitation was withdrawn.")
        return inviter

    def _tenant(self, invitation: Invitation) -> Tenant:
        tenant = self.tenancy.get(invitation.tenant_id)
        if tenant.suspended:
            raise Forbidden("This organisation is suspended.", code="tenant_suspended")
        return tenant

    def _until(self, tenant_id: str) -> datetime:
        days = self.tenancy.get(tenant_id).settings.invitation_days
        return self.clock() + timedelta(days=days)

    def _link(self, invitation: Invitation) -> str:
        """The configured address, never the one that somebody called us at; the token in the fragment, which
        reaches no server and no log."""
        return f"{self.public_url}/invitation#token={tokens.issue(invitation)}"


def _stopped(invitation: Invitation | None, token: InvitationToken, clock: Clock) -> DomainError | None:
    """Why a link does not count any more."""
    if invitation is None:
        return None
    match invitation.state(clock()):
        case InvitationState.ACCEPTED:
            return Conflict(
                "This invitation was accepted before. Sign in with the password that was chosen then.",
                code="link_used",
            )
        case InvitationState.REVOKED:
            return _gone("invitation_revoked", "This invitation was withdrawn.")
        case InvitationState.EXPIRED:
            return _gone("link_expired", "This invitation has expired. Ask for a new one.")
    if invitation.serial != token.serial:
        return _gone("link_invalid", "A newer link was sent since. Use the one in the latest mail.")
    return None


def _gone(code: str, sentence: str) -> Gone:
    return Gone(sentence, code=code)


def _data(invitation: Invitation) -> dict[str, str]:
    return {
        "tenant_id": invitation.tenant_id,
        "invitation_id": invitation.id,
        "serial": str(invitation.serial),
    }
