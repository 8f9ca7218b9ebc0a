"""Commands that this agent has claimed (or asked to) and not finished, on disk.

Written before the claim is asked for, so that a grant whose answer was lost is known too. The next boot of
the agent takes them over at once instead of waiting for the lease to run out.
"""

import logging
from pathlib import Path

from agent.worker.shelf import Shelf
from chalicelib.protocol.base import Wire
from chalicelib.protocol.commands import CommandReference

_log = logging.getLogger(__name__)


class Claim(Wire):
    reference: CommandReference
    claim_id: str


class Claims:
    """By command id."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, Claim)

    def left_behind(self) -> tuple[CommandReference, ...]:
        """What was claimed and not finished: by the boot before, or before dispatching crashed."""
        return tuple(each.reference for each in self._shelf.load().values())

    def opened(self, claim: Claim) -> None:
        try:
            # Not synced: after a power cut the lease runs out and the sweeper sends the command again.
            self._shelf.put(claim.reference.command_id, claim, durable=False)
        except OSError as error:
            _log.warning("The claim of %s is not on disk: %s", claim.reference.command_id, error)

    def closed(self, command_id: str) -> None:
        self._shelf.remove(command_id)
