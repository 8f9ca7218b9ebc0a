"""`/files`: the way for browsers to exported files, through the public port.

On AWS a presigned link leads to S3 itself. Here S3 is the emulator, which listens on loopback only; this
forwards presigned GETs, less the prefix, and nothing else: the emulator verifies the signature, which covers
the host and the object, and the link's expiry.
"""

import re

import httpx

from infra.local.server.http import Answer, Request, problem

PREFIX = "/files"
_LONGEST_SECONDS = 60
_OBJECT = re.compile(r"^/files/[a-z0-9.-]{3,63}/.+$")
_SCOPE = re.compile(
    r"(?:^|&)X-Amz-Credential=[A-Za-z0-9]{4,128}%2F\d{8}%2F[a-z0-9-]+%2Fs3%2Faws4_request(?:&|$)"
)
_ALGORITHM = re.compile(r"(?:^|&)X-Amz-Algorithm=AWS4-HMAC-SHA256(?:&|$)")
_SIGNATURE = re.compile(r"(?:^|&)X-Amz-Signature=[0-9a-f]{64}(?:&|$)")
_KEPT = ("content-type", "content-disposition", "etag", "last-modified")


class FileForwarder:
    """Stateless but for its connections to the emulator."""

    def __init__(self, emulator_url: str) -> None:
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=5)
        self._client = httpx.AsyncClient(base_url=emulator_url, timeout=_LONGEST_SECONDS, limits=limits)

    async def handle(self, request: Request) -> Answer:
        if not may_pass(request):
            return problem(403, "forbidden", "Only signed links to files are served here.")
        target = f"{request.path.removeprefix(PREFIX)}?{request.query}"
        try:
            answer = await self._client.get(target, headers={"host": request.header("host")})
        except httpx.HTTPError:
            return problem(503, "unavailable", "The files are not there right now.", (("retry-after", "1"),))
        if answer.status_code != 200:
            return problem(answer.status_code, "forbidden", "This link is not valid, or not any more.")
        kept = [(name, value) for name, value in answer.headers.items() if name in _KEPT]
        return Answer(answer.status_code, [*kept, ("cache-control", "no-store")], answer.content)

    async def close(self) -> None:
        await self._client.aclose()


def may_pass(request: Request) -> bool:
    """A GET of an object, by a presigned link and nothing else: the root's key would open everything."""
    return (
        request.method == "GET"
        and not request.body
        and not request.header("authorization")
        and bool(_OBJECT.match(request.path))
        and ".." not in request.path
        and bool(_ALGORITHM.search(request.query))
        and bool(_SCOPE.search(request.query))
        and bool(_SIGNATURE.search(request.query))
    )
