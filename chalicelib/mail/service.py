"""Use cases of mail: ask for one within a change, hand it over after the change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.clock import Clock
from chalicelib.core.errors import Invalid
from chalicelib.core.ids import new_id
from chalicelib.core.telemetry import logger
from chalicelib.core.trail import NOBODY
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork, Write
from chalicelib.mail.message import address_of, compose
from chalicelib.mail.ports import MailPort, Refused, Unreachable
from chalicelib.mail.rendering import Letter, render
from chalicelib.mail.rules import LEASE, MailRequest, Message, check_address, is_stale, next_attempt
from chalicelib.mail.store import MailStore

__all__ = ["Composer", "Letter", "MailRequest", "MailService", "Message", "check_address", "render"]

Composer = Callable[[MailRequest], list[Message]]
"""Makes the mails of a request, at the moment of sending: none (an unknown account), one, or several."""
_AT_ONCE = 50


@dataclass(frozen=True)
class MailService:
    """`sender` is the From address, with a display name or without. Raises Invalid when it is none."""

    store: MailStore
    port: MailPort
    uow: UnitOfWork
    clock: Clock
    sender: str
    composers: dict[str, Composer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A sender that is none would have every mail refused for good: better not to start.
        address_of(self.sender)

    def register(self, kind: str, composer: Composer) -> None:
        """Who composes this kind of mail; the composition root says so."""
        self.composers[kind] = composer

    def request(self, kind: str, to: str, data: Mapping[str, str], *, tenant_id: str | None = None) -> Write:
        """An outbox row for the caller's unit of work. It is the tenant's that is named, by the parameter or
        in `data`; with neither (or "") it belongs to none. `data` goes into a row: ids and names, no secrets.
        Raises Invalid for what cannot be an address."""
        now = self.clock()
        owner = data.get("tenant_id", "") if tenant_id is None else tenant_id
        request = MailRequest(
            tenant_id=owner or NOBODY,
            id=new_id("mai"),
            kind=kind,
            to=check_address(to),
            data=dict(data),
            created_at=now,
            # The stream comes at once; should it not, the sweep does.
            due_at=now + LEASE,
        )
        return self.store.add(request)

    def deliver(self, records: Sequence[Mapping[str, Any]]) -> None:
        """New rows of the table's stream, each tried once. Whatever does not go out now is the sweep's, so
        that no mail keeps others waiting. Safe to repeat; raises only what the store raises."""
        for record in records:
            if record["eventName"] != "INSERT":
                continue
            try:
                request = self.store.from_image(record["dynamodb"]["NewImage"])
            except (KeyError, ValueError, TypeError, AttributeError):
                logger.exception("a mail request was skipped", extra={"event_id": record.get("eventID")})
                continue
            self._attempt(request)

    def sweep(self) -> int:
        """Try what is due: what a server put off, and what a process that died left behind. How many."""
        due = self.store.due(self.clock(), _AT_ONCE)
        for request in due:
            self._attempt(request)
        return len(due)

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tenant's requests that still wait."""
        for request in self.store.of_tenant(tenant_id):
            yield (
                "mail_request",
                {
                    "id": request.id,
                    "kind": request.kind,
                    "to": request.to,
                    "created_at": request.created_at.isoformat(),
                },
            )

    def erase(self, tenant_id: str) -> bool:
        """Remove the tenant's requests, a slice a call; True when none is left."""
        return self.store.erase(tenant_id)

    def _attempt(self, request: MailRequest) -> None:
        now = self.clock()
        try:
            self.uow.commit([self.store.claim(request, now + LEASE)])
        except ConditionFailed:
            return  # sent, or in other hands
        extra = {"mail_id": request.id, "kind": request.kind, "attempts": request.attempts + 1}
        if is_stale(request, now):
            logger.error("a mail was given up", extra=extra)
        elif not self._sent(request, extra):
            self._put_off(request)
            return
        self.uow.commit([self.store.remove(request)])

    def _put_off(self, request: MailRequest) -> None:
        try:
            until = next_attempt(request.attempts + 1, self.clock())
            self.uow.commit([self.store.postpone(request, until)])
        except ConditionFailed:
            return  # erased with its tenant

    def _sent(self, request: MailRequest, extra: dict[str, Any]) -> bool:
        """Whether there is nothing left to do. Bugs and outages count alike: it is tried again for a day."""
        try:
            messages = self.composers[request.kind](request)
        except Exception:
            logger.exception("a mail could not be composed", extra=extra)
            return False
        for number, message in enumerate(messages):
            try:
                self.port.send(compose(message, self.sender, f"{request.id}.{number}", request.created_at))
            except (Refused, Invalid) as refusal:
                logger.warning("a mail was refused for good", extra={**extra, "reason": str(refusal)})
            except Unreachable as trouble:
                logger.warning("a mail was put off", extra={**extra, "reason": str(trouble)})
                return False
            except Exception:
                logger.exception("a mail could not be sent", extra=extra)
                return False
        return True
