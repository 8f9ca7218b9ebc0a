"""The use cases that commands have by themselves: sending references and stating deadlines.

Whoever owns the row that a lane is on decides with the rules exported here and stores the result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.commands.numbers import command_id, locate, new_session_id
from chalicelib.commands.rules import (
    Claimant,
    Finished,
    Holder,
    Lane,
    Open,
    blocked,
    check_fence,
    claim,
    finish,
    issue,
    next_look,
    overdue,
    renew,
    resumed,
    superseded,
    unclaimed_since,
    withdraw,
)
from chalicelib.controllers.service import Controller
from chalicelib.core.config import Timings
from chalicelib.core.telemetry import logger
from chalicelib.protocol.commands import CommandKind, CommandReference

__all__ = [
    "Claimant",
    "CommandService",
    "Finished",
    "Holder",
    "Lane",
    "Open",
    "blocked",
    "check_fence",
    "claim",
    "command_id",
    "finish",
    "issue",
    "locate",
    "new_session_id",
    "next_look",
    "overdue",
    "renew",
    "resumed",
    "superseded",
    "unclaimed_since",
    "withdraw",
]


@dataclass(frozen=True)
class CommandService:
    """`courier` puts a reference on its controller's queue and may fail: it is called after the commit, and
    what it loses the sweeper sends again."""

    courier: Callable[[CommandReference, Controller | None], None]
    timings: Timings

    def issue(self, lane: Lane, kind: CommandKind, now: datetime) -> Lane:
        """A new command with its deadline."""
        bounded = kind is not CommandKind.TERMINATE
        deadline = now + timedelta(seconds=self.timings.command_deadline) if bounded else None
        return issue(lane, kind, now, deadline)

    def send(self, reference: CommandReference, controller: Controller | None = None) -> bool:
        """Whether the queue took it. A failure is logged, never raised: the command is stored already.
        `controller`, where it was read just now, saves reading it."""
        try:
            self.courier(reference, controller)
        except Exception as error:
            logger.warning(
                "a command's reference was not sent; the sweeper will",
                extra={"command_id": reference.command_id, "error": str(error)[:200]},
            )
            return False
        return True
