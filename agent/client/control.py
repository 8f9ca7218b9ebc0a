"""The control-plane client: typed, signed, one method per call of chalicelib/protocol."""

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

import httpx
from pydantic import ValidationError

from agent import __version__
from agent.client import errors, problems
from agent.client.servertime import ServerClock
from chalicelib.protocol import agents, commands, keys
from chalicelib.protocol.base import Wire

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer", bound=Wire)

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
"""API Gateway gives up after 29 s; a healthy call takes well below one."""


def http_client(url: str) -> httpx.AsyncClient:
    """A connection pool to the control plane at `url` (which may end in a stage or base path)."""
    return httpx.AsyncClient(
        base_url=url.rstrip("/"),
        timeout=TIMEOUT,
        headers={"User-Agent": f"streamspace-agent/{__version__}"},
    )


async def post(
    http: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    """POST JSON. Raises Unreachable when no answer came; the call may have had its effect all the same."""
    try:
        return await http.post(
            path, content=body, headers={"Content-Type": "application/json", **(headers or {})}
        )
    except httpx.HTTPError as error:
        dropped = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
        kind = errors.Dropped if dropped else errors.Unreachable
        raise kind(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def parse(model: type[_Answer], response: httpx.Response) -> _Answer:
    """The body of a success. Raises ServerFault if it is not what the protocol says."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise errors.ServerFault(
            f"The answer is not a {model.__name__}.", status=response.status_code
        ) from error


class RequestSigner(Protocol):
    """Makes the headers of a signed request."""

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]: ...


class SpareSigner(RequestSigner, Protocol):
    """Another key, to try when the present one is refused."""

    def accepted(self) -> None:
        """It was not."""


class HttpControlPlane:
    """Implements `port.ControlPlane`. `spare` is asked when the control plane does not know the signer's key
    (any more)."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        signer: RequestSigner,
        clock: ServerClock,
        *,
        spare: Callable[[], SpareSigner | None] = lambda: None,
    ) -> None:
        self._http = http
        self._signer = signer
        self._clock = clock
        self._spare = spare

    async def credentials(self, request: agents.CredentialsRequest) -> agents.CredentialsAnswer:
        answer = await self._call("/agent/v1/credentials", request, agents.CredentialsAnswer)
        self._clock.heard(answer.server_time)
        return answer

    async def heartbeat(self, request: agents.Heartbeat) -> agents.HeartbeatAnswer:
        answer = await self._call("/agent/v1/heartbeat", request, agents.HeartbeatAnswer)
        self._clock.heard(answer.server_time)
        return answer

    async def inventory(self, request: agents.InventoryReport) -> agents.InventoryAnswer:
        return await self._call("/agent/v1/inventory", request, agents.InventoryAnswer)

    async def claim(self, command_id: str, request: commands.ClaimRequest) -> commands.ClaimGrant:
        return await self._call(f"/agent/v1/commands/{command_id}/claim", request, commands.ClaimGrant)

    async def renew(self, command_id: str, request: commands.RenewRequest) -> commands.RenewGrant:
        return await self._call(f"/agent/v1/commands/{command_id}/renew", request, commands.RenewGrant)

    async def result(self, command_id: str, request: commands.ResultReport) -> commands.Accepted:
        return await self._call(f"/agent/v1/commands/{command_id}/result", request, commands.Accepted)

    async def status(self, session_id: str, request: commands.StatusReport) -> commands.Accepted:
        return await self._call(f"/agent/v1/sessions/{session_id}/status", request, commands.Accepted)

    async def dead_letter(self, request: commands.DeadLetterReport) -> commands.Accepted:
        return await self._call("/agent/v1/dead-letters", request, commands.Accepted)

    async def rotate_key(self, request: keys.KeyRotation) -> keys.KeyRotated:
        return await self._call("/agent/v1/keys", request, keys.KeyRotated)

    async def _call(self, path: str, request: Wire, model: type[_Answer]) -> _Answer:
        body = request.model_dump_json().encode()
        try:
            return await self._ask(path, body, model, self._signer)
        except errors.Revoked:
            spare = self._spare()
            if spare is None:
                raise
        try:
            answer = await self._ask(path, body, model, spare)
        except errors.Revoked:
            raise
        except (errors.Permanent, errors.Fatal):
            spare.accepted()  # the key was not refused, only what was asked
            raise
        spare.accepted()
        return answer

    async def _ask(self, path: str, body: bytes, model: type[_Answer], signer: RequestSigner) -> _Answer:
        response = await self._send(path, body, signer)
        if response.is_success:
            return parse(model, response)
        refusal = problems.read(response)
        if refusal.server_time is None:
            raise refusal.error
        self._clock.heard(refusal.server_time)
        _log.warning("The clock differs from the control plane's by %s; corrected.", self._clock.offset)
        if not isinstance(refusal.error, errors.NotBelieved):
            raise refusal.error  # what was asked is wrong by that clock too
        response = await self._send(path, body, signer)
        if response.is_success:
            return parse(model, response)
        raise problems.read(response).error

    async def _send(self, path: str, body: bytes, signer: RequestSigner) -> httpx.Response:
        """Signed anew each time, since nonces are remembered. A kept connection that the server has just
        closed says nothing about the server, so that is tried once more at once; every call may be repeated.
        """
        try:
            return await post(self._http, path, body, signer.headers("POST", path, body))
        except errors.Dropped:
            return await post(self._http, path, body, signer.headers("POST", path, body))
