"""One call of the API server: its attempts, its time, and with whose credentials.

Of the official client it uses what knows credentials, TLS, proxies and the pool of connections
(`ApiClient`), and none of its typed models. The first call connects.
"""

import itertools
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import urllib3
from kubernetes.client import ApiClient, ApiException

from agent.drivers.kubernetes.access import Access
from agent.drivers.kubernetes.errors import (
    Refusal,
    Transport,
    no_access,
    read_refusal,
    temporary,
    unavailable,
)
from agent.drivers.kubernetes.kinds import Object, slim

AGAIN = frozenset({429, 500, 502, 503, 504})
T = TypeVar("T")
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `total` bounds a call with all its attempts and pauses, so that a Retry-After of an hour, or
    an answer that trickles, does not hold a driver's thread."""

    connect: float = 10.0
    read: float = 15.0
    total: float = 30.0
    attempts: int = 4
    pause: float = 0.2
    """Before the second attempt; doubles, with jitter."""


@dataclass(frozen=True)
class Call:
    """Parts of the query that are empty are left out."""

    method: str
    path: str
    query: Query = ()
    body: Object | None = None
    content: str | None = None


class Answer(Exception):
    """An answer that is no success, on its way to who expected it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Caller:
    """Thread-safe: calls share a pool of connections, and each attempt is one request."""

    def __init__(self, access: Access, timeouts: Timeouts) -> None:
        self.address = "(not connected yet)"
        self._access = access
        self._timeouts = timeouts
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._closed = threading.Event()

    def object(self, call: Call) -> Object:
        """The object that answers. Raises Answer for an answer that is no success, DriverError where none
        comes."""
        raw = self.raw(call)
        try:
            return slim(dict(json.loads(raw)))
        except (ValueError, TypeError) as error:
            raise unavailable(self.address, f"something else answered: {raw[:100]!r}") from error

    def raw(self, call: Call) -> bytes:
        """The same, as it comes."""
        return self._send(call, _read)

    def stream(self, call: Call) -> urllib3.BaseHTTPResponse:
        """The same, still open."""
        return self._send(call, lambda response, _deadline: response)

    def close(self) -> None:
        """Further calls fail; those that wait for another attempt end now."""
        self._closed.set()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    def client(self, refused: ApiClient | None = None) -> ApiClient:
        """The client, with credentials read anew if those of `refused` were not taken. Raises
        `platform_unauthorized`."""
        with self._lock:
            if self._closed.is_set():
                raise temporary("platform_unavailable", "The agent is closing its connection to the cluster.")
            if self._client is None or self._client is refused:
                try:
                    configuration = self._access.configure()
                    self._client = ApiClient(configuration)
                except Exception as error:  # files, YAML, certificates, credential plugins
                    raise no_access(error) from error
                self.address = str(configuration.host)
            return self._client

    def _send(self, call: Call, take: Callable[[urllib3.BaseHTTPResponse, float], T]) -> T:
        """What `take` makes of a successful answer, after as many attempts as it takes and the timeouts
        allow. Raises Answer for any other answer, DriverError where none comes."""
        deadline = time.monotonic() + self._timeouts.total
        client, renewed = self.client(), False
        for attempt in itertools.count(1):
            failure: Exception
            wait = 0.0
            try:
                return take(self._attempt(client, call), deadline)
            except Answer as answer:
                failure, wait = answer, answer.refusal.retry_after or 0.0
                if answer.refusal.status == 401 and not renewed:
                    client, renewed = self.client(refused=client), True
                    continue
                if answer.refusal.status not in AGAIN:
                    raise
            except Transport as error:
                failure = unavailable(self.address, error)
                failure.__cause__ = error
            pause = self._timeouts.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311
            pause = max(pause, wait)
            if attempt >= self._timeouts.attempts or time.monotonic() + pause > deadline:
                raise failure
            self._closed.wait(pause)
            client = self.client()
        raise AssertionError

    def _attempt(self, client: ApiClient, call: Call) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json, */*"}
        if call.content:
            headers["Content-Type"] = call.content
        query = [pair for pair in call.query if pair[1]]
        try:
            request = client.param_serialize(
                call.method, call.path, None, query, headers, call.body, auth_settings=["BearerToken"]
            )
        except Exception as error:  # whatever a credential plugin or a token file may do
            raise no_access(error) from error
        timeouts = (self._timeouts.connect, self._timeouts.read)
        try:
            answer = client.call_api(*request, _request_timeout=timeouts)
        except ApiException as error:  # how the client says that TLS failed
            raise ssl.SSLError(str(error.reason)) from error
        if 200 <= answer.status < 300:
            response: urllib3.BaseHTTPResponse = answer.response
            return response
        answer.read()  # type: ignore[no-untyped-call]
        raise Answer(read_refusal(ApiException(http_resp=answer)))


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body, however slowly it comes, until the deadline."""
    body = bytearray()
    while part := response.read1(65536):
        body += part
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError("timed out within the answer")
    return bytes(body)
