"""`/queues`: the way for agents to their command queue, through the public port.

On AWS agents talk to SQS itself. Here SQS is the emulator, which listens on loopback only; this forwards
three SQS calls (and their batches), unchanged, when they are signed with temporary credentials. The
emulator then verifies the signature, which covers the host and path that the agent used, and evaluates the
session policy, which names one queue. The root key is not temporary, so it opens nothing here.
"""

import asyncio
import re

import httpx

from infra.local.server.http import Answer, Receive, Request, problem

PREFIX = "/queues"
ACTIONS = frozenset(
    f"AmazonSQS.{name}"
    for name in (
        "ReceiveMessage",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "GetQueueAttributes",
    )
)
_TEMPORARY = re.compile(
    r"AWS4-HMAC-SHA256 Credential=ASIA[A-Z0-9]{12,124}/\d{8}/[a-z0-9-]+/sqs/aws4_request, ?SignedHeaders="
)
_FORWARDED = ("authorization", "content-type", "host", "user-agent")
_MAX_BODY = 64 * 1024
_LONG_POLL_SECONDS = 30


class QueueForwarder:
    """Stateless but for its connections to the emulator."""

    def __init__(self, emulator_url: str) -> None:
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
        self._client = httpx.AsyncClient(base_url=emulator_url, timeout=_LONG_POLL_SECONDS, limits=limits)

    async def handle(self, request: Request, receive: Receive) -> Answer:
        """Ends a long poll whose caller has gone: it would take a message that nobody gets."""
        if not _may_pass(request):
            return problem(403, "forbidden", "Only an agent's own queue calls are served here.")
        headers = [
            (name, value)
            for name, value in request.headers
            if name in _FORWARDED or name.startswith(("x-amz", "amz-sdk-"))
        ]
        call = asyncio.ensure_future(self._client.post(request.path, content=request.body, headers=headers))
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({call, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return problem(503, "unavailable", "The caller has gone.")
            answer = call.result()
        except httpx.HTTPError:
            return problem(503, "unavailable", "The queues do not answer right now.", (("retry-after", "1"),))
        finally:
            call.cancel()
            gone.cancel()
        kept = [
            (name, value)
            for name, value in answer.headers.items()
            if name == "content-type" or name.startswith("x-amz")
        ]
        return Answer(answer.status_code, kept, answer.content)

    async def close(self) -> None:
        await self._client.aclose()


def _may_pass(request: Request) -> bool:
    return (
        request.method == "POST"
        and not request.query
        and len(request.body) <= _MAX_BODY
        and request.path in {PREFIX, f"{PREFIX}/"}
        and request.header("x-amz-target") in ACTIONS
        and bool(request.header("x-amz-security-token"))
        and bool(_TEMPORARY.match(request.header("authorization")))
        and request.header("content-encoding") == ""
    )


__all__ = ["ACTIONS", "PREFIX", "QueueForwarder"]
