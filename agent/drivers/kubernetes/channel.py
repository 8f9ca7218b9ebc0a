"""Opening a WebSocket that the API server forwards to a pod's port, with the same credentials, trust and
proxy as the client's own calls."""

import asyncio
import ssl
from typing import Any

import aiohttp
from kubernetes.client import ApiClient
from kubernetes.client.rest import should_bypass_proxies

from agent.drivers.kubernetes.calling import Caller
from agent.drivers.kubernetes.errors import Refusal, no_access, plain, refused, unavailable

PROTOCOL = "v4.channel.k8s.io"
DIAL = 15.0
"""Seconds until a forwarded connection stands, or is given up."""


class Channels:
    """Belongs to one event loop."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[ApiClient, ssl.SSLContext | bool] | None = None

    async def open(self, path: str, port: int) -> aiohttp.ClientWebSocketResponse:
        """Raises DriverError."""
        refused_client: ApiClient | None = None
        for last in (False, True):
            # Credentials may be read from files, or made by a program.
            client, url, headers = await asyncio.to_thread(_request, self._caller, refused_client, path, port)
            try:
                async with asyncio.timeout(DIAL):
                    return await self._connect(client, url, headers)
            except aiohttp.WSServerHandshakeError as error:
                if error.status == 401 and not last:
                    refused_client = client
                    continue
                refusal = Refusal(status=error.status, message=plain(error.message))
                raise refused(refusal, "get and create pods/portforward", self._caller.address) from error
            except (OSError, aiohttp.ClientError) as error:
                raise unavailable(self._caller.address, error) from error
        raise AssertionError

    async def _connect(
        self, client: ApiClient, url: str, headers: dict[str, str]
    ) -> aiohttp.ClientWebSocketResponse:
        configuration = client.configuration
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        if self._tls is None or self._tls[0] is not client:
            self._tls = (client, await asyncio.to_thread(_tls, configuration))
        proxy = configuration.proxy
        if proxy and should_bypass_proxies(configuration.host, configuration.no_proxy or ""):
            proxy = None
        return await self._session.ws_connect(
            url,
            headers=headers,
            protocols=(PROTOCOL,),
            ssl=self._tls[1],
            server_hostname=configuration.tls_server_name,
            proxy=proxy,
            proxy_headers=configuration.proxy_headers,
            autoping=True,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _request(
    caller: Caller, refused: ApiClient | None, path: str, port: int
) -> tuple[ApiClient, str, dict[str, str]]:
    """Raises DriverError."""
    client = caller.client(refused)
    try:
        _, url, headers, *_ = client.param_serialize(
            "GET", path, None, [("ports", str(port))], {}, auth_settings=["BearerToken"]
        )
    except Exception as error:  # whatever a credential plugin or a token file may do
        raise no_access(error) from error
    return client, url, headers


def _tls(configuration: Any) -> ssl.SSLContext | bool:
    """The same trust that the client's own connections have."""
    if not configuration.host.startswith("https"):
        return True
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.assert_hostname is False:
        context.check_hostname = False
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
