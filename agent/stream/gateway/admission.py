"""Who gets in: from what a browser offers to a grant and the instance that it is for."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from agent.drivers.base import Endpoint
from agent.stream.gateway.endings import (
    DISK_FAILS,
    ELSEWHERE,
    NOT_HERE,
    REFUSED,
    SESSION_ENDED,
    STARTED_ANEW,
    Closed,
    Ending,
)
from agent.stream.gateway.instances import Instances, fingerprint
from agent.stream.gateway.ledger import Ledger, Opened
from agent.stream.tickets import Offer, Refused, Tickets

RESUME_LIFE = 12 * 3600.0
"""Seconds that a ticket's grant may be resumed, if the session runs that long."""


@dataclass(frozen=True)
class Admitted:
    opened: Opened
    endpoint: Endpoint


class Admission:
    def __init__(self, controller: str, tickets: Tickets, ledger: Ledger, instances: Instances) -> None:
        self._controller = controller
        self._tickets = tickets
        self._ledger = ledger
        self._instances = instances

    async def admit(self, controller: str, session: str, offered: str) -> Admitted:
        """Raises Closed. A ticket is only consumed if there is an instance for it."""
        with self._refusing(controller):
            offer = Offer.parse(offered)
            if offer.ticket is not None:
                return await self._by_ticket(offer.ticket, session)
            return await self._by_resume_token(offer.resume or "", session)

    async def admit_reader(self, controller: str, session: str, offered: str) -> None:
        """Of the session's log, by a ticket that is for that alone. Raises Closed."""
        with self._refusing(controller):
            ticket = Offer.parse(offered).ticket
            if ticket is None:
                raise Refused("a ticket is needed")
            await self._ledger.use_up(
                await self._tickets.ticket(ticket, controller=self._controller, session=session, logs=True)
            )

    @contextlib.contextmanager
    def _refusing(self, controller: str) -> Iterator[None]:
        if controller != self._controller:
            raise Closed(ELSEWHERE)
        try:
            yield
        except Refused as refused:
            raise Closed(Ending(REFUSED, f"Refused: {refused.reason}.")) from refused
        except sqlite3.Error as error:
            raise Closed(DISK_FAILS) from error

    async def _by_ticket(self, token: str, session: str) -> Admitted:
        claims = await self._tickets.ticket(token, controller=self._controller, session=session)
        endpoint = await self._instances.find(session)
        if endpoint is not None and _differs(endpoint, claims.incarnation):
            endpoint = await self._instances.find(session, fresh=True)
        if endpoint is None:
            raise Closed(NOT_HERE)
        if _differs(endpoint, claims.incarnation):
            raise Closed(STARTED_ANEW)
        opened = await self._ledger.consume(claims, fingerprint(endpoint), RESUME_LIFE)
        return Admitted(opened, endpoint)

    async def _by_resume_token(self, token: str, session: str) -> Admitted:
        opened = await self._ledger.resume(token, session)
        endpoint = await self._instances.find(session)
        if endpoint is not None and fingerprint(endpoint) != opened.grant.instance:
            endpoint = await self._instances.find(session, fresh=True)
        if endpoint is None:
            await self._ledger.end(session)
            raise Closed(SESSION_ENDED)
        if fingerprint(endpoint) != opened.grant.instance or _differs(endpoint, opened.grant.incarnation):
            raise Closed(STARTED_ANEW)
        return Admitted(opened, endpoint)


def _differs(endpoint: Endpoint, incarnation: int) -> bool:
    return endpoint.incarnation is not None and endpoint.incarnation != incarnation
