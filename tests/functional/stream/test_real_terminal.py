"""The gateway in front of a real container: what a viewer may do is seen in the pixels."""

import asyncio
import hashlib
import os
import struct
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from agent.drivers.base import Endpoint
from agent.stream.dial import RelayDialler
from agent.stream.gateway import Gateway
from agent.stream.relay import Relay

SESSION = "ses-01kb0000000000000000000001"
IMAGE = f"streamspace/terminal:{os.environ.get('IMAGE_TAG', 'dev')}"
PASSWORD = "t3rminal"
CUT_TEXT = 3
OWNED = "uid=1000,gid=1000"
Browse = Callable[..., Awaitable[Any]]


@pytest.fixture
async def terminal(plane: Any) -> AsyncIterator[Any]:
    """A session's container as the driver starts one, and its endpoint registered."""
    directory = Path(tempfile.mkdtemp(prefix="streamspace-", dir="/run"))
    secret = directory / "vnc-password"
    secret.write_text(PASSWORD)
    for path, mode in ((secret, 0o400), (directory, 0o700)):
        path.chmod(mode)
        os.chown(path, 1000, 1000)
    client = docker.from_env()
    container = client.containers.run(
        IMAGE,
        name=f"streamspace-test-{uuid.uuid4().hex[:12]}",
        detach=True,
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        tmpfs={"/tmp": "mode=1777", "/var/tmp": "mode=1777", "/run": OWNED, "/home/user": OWNED},
        volumes={str(directory): {"bind": "/streamspace", "mode": "rw"}},
        environment={"STREAMSPACE_CLIPBOARD_IN": "1", "STREAMSPACE_CLIPBOARD_OUT": "1"},
    )
    try:
        async with asyncio.timeout(20):
            while not (directory / "rfb.sock").exists():
                await asyncio.sleep(0.05)
        plane.instances[SESSION] = Endpoint(str(directory / "rfb.sock"), password=PASSWORD, incarnation=1)
        yield container
    finally:
        container.remove(force=True, v=True)
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()


class Screen:
    """A viewer that looks at the whole screen, uncompressed."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self.width = self.height = 0

    async def start(self) -> None:
        await self._browser.greet()
        self.width, self.height = struct.unpack("!HH", await self._browser.read(4))
        await self._browser.read(16)
        await self._browser.read(struct.unpack("!I", await self._browser.read(4))[0])
        await self._browser.send(struct.pack("!BxHi", 2, 1, 0))

    async def look(self) -> str:
        """A hash of what is to be seen."""
        await self._browser.send(struct.pack("!BBHHHH", 3, 0, 0, 0, self.width, self.height))
        pixels = bytearray(self.width * self.height * 4)
        left = len(pixels)
        while left:
            kind = (await self._browser.read(1))[0]
            if kind == CUT_TEXT:
                await self._skip_clipboard()
                continue
            assert kind == 0
            rectangles = struct.unpack("!xH", await self._browser.read(3))[0]
            for _ in range(rectangles):
                x, y, width, height, _ = struct.unpack("!HHHHi", await self._browser.read(12))
                for row in range(height):
                    at = ((y + row) * self.width + x) * 4
                    pixels[at : at + width * 4] = await self._browser.read(width * 4)
                left -= width * height * 4
        return hashlib.sha256(pixels).hexdigest()

    async def _skip_clipboard(self) -> None:
        """Announcements of the extended clipboard have a negative length."""
        length = struct.unpack("!3xi", await self._browser.read(7))[0]
        await self._browser.read(abs(length))

    async def views(self) -> set[str]:
        """All that is to be seen within a moment (a cursor blinks)."""
        seen = set()
        for _ in range(12):
            seen.add(await self.look())
            await asyncio.sleep(0.15)
        return seen

    async def settled(self) -> set[str]:
        """The views once nothing but the cursor changes any more."""
        before, now = set[str](), await self.views()
        while now != before or len(now) > 2:
            before, now = now, await self.views()
        return now

    async def type(self, text: str) -> None:
        for character in text:
            for down in (1, 0):
                await self._browser.send(struct.pack("!BBxxI", 4, down, ord(character)))


@pytest.mark.docker
@pytest.mark.feature("A view-only viewer's keys, pointer, clipboard and resizing are dropped by the gateway")
async def test_two_viewers_of_a_real_session(
    plane: Any, terminal: Any, gateway: Gateway, relay: Relay, parked: RelayDialler, browse: Browse
) -> None:
    async def view(**permissions: bool) -> Screen:
        screen = Screen(await browse(relay.address, f"ticket.{plane.ticket(permissions=permissions)}"))
        await screen.start()
        return screen

    owner, guest = await view(), await view(control=False, clipboard_out=False)
    async with asyncio.timeout(45):
        before = await owner.settled()
        await guest.type("guest")
        assert await owner.views() <= before
        await owner.type("owner")
        while await guest.look() in before:
            await asyncio.sleep(0.05)
        assert not await guest.settled() & before


@pytest.mark.docker
@pytest.mark.feature("When a session ends, its viewers are told so")
async def test_the_container_is_stopped(plane: Any, terminal: Any, gateway: Gateway, browse: Browse) -> None:
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    await Screen(browser).start()

    async def stop() -> None:
        await asyncio.to_thread(terminal.stop, timeout=5)
        del plane.instances[SESSION]

    _, code = await asyncio.gather(stop(), browser.closed())
    assert code == 4410
