"""The control plane's public keys, kept so that streams survive the control plane.

The key set is held in memory and on disk, and fetched again when a token names an unknown key (at most
every `retry_after` seconds, so that forged tokens cannot make us a battering ram) and once an hour, so that
withdrawn keys go. While the control plane does not answer, the last set goes on being trusted.
"""

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

log = logging.getLogger(__name__)
KEY_SET_LIMIT = 64 * 1024


class Keys:
    """Public Ed25519 keys by key id. One instance per process and state directory; one event loop."""

    def __init__(
        self,
        url: str | Callable[[], str | None],
        cache: Path,
        *,
        refresh_after: float = 3600,
        retry_after: float = 5,
    ) -> None:
        self._url = url
        self._cache = cache
        self._refresh_after = refresh_after
        self._retry_after = retry_after
        self._keys: dict[str, OKPKey] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = asyncio.Lock()
        self._background: asyncio.Task[None] | None = None
        with contextlib.suppress(FileNotFoundError):
            self._adopt(cache.read_bytes())

    async def find(self, kid: str) -> OKPKey | None:
        """The key of that id; None if the control plane does not know it (or cannot be asked)."""
        if kid in self._keys:
            if time.monotonic() - self._fetched > self._refresh_after:
                self._refresh_in_background()
            return self._keys[kid]
        async with self._fetching:
            if kid not in self._keys:
                await self._refresh()
        return self._keys.get(kid)

    async def close(self) -> None:
        if self._background is not None:
            self._background.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._background

    def _refresh_in_background(self) -> None:
        if self._background is None or self._background.done():
            self._background = asyncio.create_task(self._refresh(), name="refresh public keys")

    async def _refresh(self) -> None:
        url = self._url if isinstance(self._url, str) else self._url()
        if url is None or time.monotonic() - self._tried < self._retry_after:
            return
        try:
            body = await _fetch(url)
        except (httpx.HTTPError, ValueError) as error:
            log.warning("public keys not fetched from %s: %s", url, error)
            return
        finally:
            self._tried = time.monotonic()
        if self._adopt(body):
            self._fetched = self._tried
            await asyncio.to_thread(_save, self._cache, body)

    def _adopt(self, body: bytes) -> bool:
        """Take over a key set, ignoring keys of other kinds; an unreadable or empty one changes nothing."""
        try:
            listed = json.loads(body)["keys"]
            keys = {
                key["kid"]: OKPKey.import_key(key)
                for key in listed
                if key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and isinstance(key.get("kid"), str)
            }
        except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
            log.warning("unreadable key set: %s", error)
            return False
        if keys:
            self._keys = keys
        return bool(keys)


async def _fetch(url: str) -> bytes:
    """Raises httpx.HTTPError, or ValueError for an answer beyond all measure."""
    # A proxy from the environment is for the way out, never for this machine.
    async with httpx.AsyncClient(timeout=5, trust_env=not _is_loopback(url)) as client:
        answer = await client.get(url)
    answer.raise_for_status()
    if len(answer.content) > KEY_SET_LIMIT:
        raise ValueError("key set too large")
    return answer.content


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _save(path: Path, body: bytes) -> None:
    """Replace the file as a whole: a reader after a crash sees the old set or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
