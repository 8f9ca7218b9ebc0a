"""The control plane as the worker sees it. The HTTP client implements it, and so may a simulation."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.protocol import agents, commands, keys


class ControlPlane(Protocol):
    """One method per call. All raise `errors.ApiError`; cancelling a call abandons it, done or not."""

    async def credentials(self, request: agents.CredentialsRequest) -> agents.CredentialsAnswer: ...

    async def heartbeat(self, request: agents.Heartbeat) -> agents.HeartbeatAnswer: ...

    async def inventory(self, request: agents.InventoryReport) -> agents.InventoryAnswer: ...

    async def claim(self, command_id: str, request: commands.ClaimRequest) -> commands.ClaimGrant: ...

    async def renew(self, command_id: str, request: commands.RenewRequest) -> commands.RenewGrant: ...

    async def result(self, command_id: str, request: commands.ResultReport) -> commands.Accepted: ...

    async def status(self, session_id: str, request: commands.StatusReport) -> commands.Accepted: ...

    async def dead_letter(self, request: commands.DeadLetterReport) -> commands.Accepted: ...

    async def rotate_key(self, request: keys.KeyRotation) -> keys.KeyRotated: ...


@dataclass(frozen=True)
class Proposal:
    """A new public key, and the proof that its private half is here (`chalicelib.protocol.keys`)."""

    public_key: str
    proof: str


class Keys(Protocol):
    """The agent's keys on disk. Calls but `pending` block for a file operation and raise OSError."""

    @property
    def pending(self) -> bool:
        """Whether a change was begun and not finished, by this boot or one before."""

    def propose(self) -> Proposal:
        """The next key, durable before this returns; the same one until it is adopted or discarded."""

    def adopt(self) -> None:
        """It was accepted: sign with it from now on."""

    def discard(self) -> None:
        """It was refused for good: the next proposal is another one."""
