"""Dead letters as administrators see them: what is wrong with each, and sending again what is still wanted.

A dead letter is a reference that went astray, never the command itself: commands live on sessions' lanes, and
the sweeper sends each one again until it is claimed or its time is over. So dropping a letter loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from chalicelib.controllers.dead_letters import DeadLetter, DeadLetterService
from chalicelib.core import trail
from chalicelib.core.errors import Unavailable
from chalicelib.protocol.commands import CommandReference, Unfit
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger

MOST_AT_ONCE = 200
"""What one call takes: they are held only for a moment. Whoever has more asks again."""
_SHOWN = 120


class Problem(StrEnum):
    """`not_claimed`: a proper reference that was received again and again and never claimed."""

    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    NOT_CLAIMED = "not_claimed"


@dataclass(frozen=True)
class Examined:
    """A dead letter with what is wrong with it. `reference` is set where it names this controller; `open`:
    the command that it names is still to be done."""

    letter: DeadLetter
    problem: Problem
    reference: CommandReference | None = None
    open: bool = False

    @property
    def detail(self) -> str:
        """For people."""
        match self.problem:
            case Problem.UNREADABLE:
                return f"It cannot be read as a reference to a command: {self.letter.body[:_SHOWN]!r}"
            case Problem.FOREIGN:
                return "It is a reference to a command of another controller."
            case Problem.NOT_CLAIMED:
                still = "is still to be done" if self.open else "is over"
                return f"Agents received it, and none could claim its command, which {still}."


@dataclass(frozen=True)
class Redriven:
    """How many were sent again and how many dropped, as nothing waited for them any more."""

    redriven: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class DeadLetters:
    letters: DeadLetterService
    ledger: Ledger

    def page(self, tenant_id: str, controller_id: str, limit: int) -> tuple[list[Examined], int]:
        """Some of a controller's dead letters, oldest first, and about how many there are. One that somebody
        else looks at in this moment is counted but not shown. Raises NotFound, Unavailable."""
        taken = self.letters.take(tenant_id, controller_id, limit)
        try:
            found = self._examined(tenant_id, controller_id, taken)
        finally:
            self.letters.release(controller_id, taken)
        count = max(len(found), self.letters.count(controller_id))
        return sorted(found, key=lambda each: each.letter.sent_at), count

    def redrive(self, tenant_id: str, controller_id: str, ids: Sequence[str] | None) -> Redriven:
        """Send again what names an open command, and drop the rest; all (up to `MOST_AT_ONCE`), or those with
        these ids. Each is sent before it is dropped, so that dying in between repeats it at worst.

        Raises NotFound, Unavailable.
        """
        taken = self.letters.take(tenant_id, controller_id, MOST_AT_ONCE)
        wanted = [each for each in taken if ids is None or each.id in ids]
        kept = [each for each in taken if each not in wanted]
        done = Redriven()
        try:
            for each in self._examined(tenant_id, controller_id, wanted):
                kept.append(each.letter)
                if each.open and each.reference and not self.ledger.commands.send(each.reference):
                    raise Unavailable("The command queue does not answer.", retry_after=5)
                self.letters.drop(controller_id, each.letter)
                kept.pop()
                sent = int(each.open)
                done = Redriven(done.redriven + sent, done.dropped + 1 - sent)
        finally:
            self.letters.release(controller_id, kept)
        trail.note(redriven=done.redriven, dropped=done.dropped)
        return done

    def _examined(self, tenant_id: str, controller_id: str, letters: Sequence[DeadLetter]) -> list[Examined]:
        found = [examine(each, tenant_id, controller_id) for each in letters]
        named = {each.reference.session_id for each in found if each.reference}
        sessions = self.ledger.store.several(tenant_id, sorted(named)) if named else {}
        return [
            Examined(each.letter, each.problem, each.reference, _is_open(each.reference, sessions))
            for each in found
        ]


def examine(letter: DeadLetter, tenant_id: str, controller_id: str) -> Examined:
    """What is wrong with it, as far as it says itself. An agent that could not read it is believed: it may be
    older than the message."""
    try:
        reference = CommandReference.model_validate_json(letter.body)
    except ValidationError:
        return Examined(letter, Problem.UNREADABLE)
    if (reference.tenant_id, reference.controller_id) != (tenant_id, controller_id):
        return Examined(letter, Problem.FOREIGN)
    said = Problem.UNREADABLE if letter.problem is Unfit.UNREADABLE else Problem.NOT_CLAIMED
    return Examined(letter, said, reference)


def _is_open(reference: CommandReference | None, sessions: dict[str, Session]) -> bool:
    session = sessions.get(reference.session_id) if reference else None
    present = session.reference() if session else None
    if present is None or reference is None:
        return False
    return (present.command_id, present.controller_id) == (reference.command_id, reference.controller_id)
