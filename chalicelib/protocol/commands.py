"""Commands: from the queue's reference to the result (design §5)."""

from enum import StrEnum

from pydantic import Field

from chalicelib.protocol.base import Identifier, Timestamp, Wire
from chalicelib.protocol.instances import InstanceSpec, Progress, Reason, Stage


class CommandKind(StrEnum):
    """`start` creates an instance; `hibernate` stops it and keeps the home; `wake` starts it again, or
    creates it anew where it is gone; `terminate` removes it, and the home only if `delete_home`."""

    START = "start"
    HIBERNATE = "hibernate"
    WAKE = "wake"
    TERMINATE = "terminate"


class CommandReference(Wire):
    """All that a queue carries. It is a hint: the truth is read by the claim."""

    tenant_id: Identifier
    controller_id: Identifier
    command_id: Identifier
    session_id: Identifier
    generation: int


class Command(Wire):
    """An instruction. `spec` is present for `start` and `wake`."""

    command_id: Identifier
    tenant_id: Identifier
    controller_id: Identifier
    session_id: Identifier
    kind: CommandKind
    generation: int
    incarnation: int
    deadline: Timestamp
    spec: InstanceSpec | None = None
    delete_home: bool = False


class ClaimRequest(Wire):
    """POST /agent/v1/commands/{id}/claim. The same `claim_id` gets the same grant again."""

    epoch: int
    claim_id: str


class ClaimGrant(Wire):
    """The command is the caller's until `lease_seconds` from now, under `fence`.

    Refusals: 404 unknown, 409 `command_taken`, 409 `epoch_superseded`, 410 `command_superseded` or
    `command_finished`, 423 `session_busy` with Retry-After.
    """

    command: Command
    fence: int
    lease_seconds: int


class RenewRequest(Wire):
    """POST /agent/v1/commands/{id}/renew. Refusals: 409 `stale_fence`, 410 `command_superseded`."""

    epoch: int
    fence: int


class RenewGrant(Wire):
    lease_seconds: int


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Stopped because a newer generation superseded it."""


class ResultReport(Wire):
    """POST /agent/v1/commands/{id}/result. Repeating an accepted one is answered like the first."""

    epoch: int
    fence: int
    sequence: int
    outcome: Outcome
    reason: Reason | None = None


class StatusReport(Wire):
    """POST /agent/v1/sessions/{id}/status: progress of a command, or something that happened by itself.

    `instance` is set when the observation is final for now: `stopped` means that the instance ended without
    being asked to (the reason says how).
    """

    epoch: int
    fence: int
    sequence: int
    stage: Stage | None = None
    progress: Progress | None = None
    ended: Reason | None = Field(default=None, description="set when the instance ended by itself")
    incarnation: int | None = Field(default=None, description="of the instance that ended")


class Unfit(StrEnum):
    """Why an agent cannot do anything with a message: it is no reference at all, or names another owner."""

    UNREADABLE = "unreadable"
    FOREIGN = "foreign"


MOST_DEAD_LETTER = 10_240
"""Characters of a message's body that are kept; no reference has a twentieth of it."""


class DeadLetterReport(Wire):
    """POST /agent/v1/dead-letters: the queue carried a message that nobody can act on. Accepted, it is kept
    where an administrator sees it, and the agent deletes it from the queue. A longer body is cut by the
    agent. Repeating the call may keep the message twice, which harms nobody."""

    epoch: int
    body: str = Field(max_length=MOST_DEAD_LETTER)
    problem: Unfit


class Accepted(Wire):
    """The answer to results, status reports and dead letters."""

    accepted: bool = True
