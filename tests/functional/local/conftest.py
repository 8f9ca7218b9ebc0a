"""The api process's two servers around a toy app, on real sockets."""

import asyncio
import contextlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn

from infra.local.emulator.child import free_port
from infra.local.server.__main__ import _server
from infra.local.server.files import FileForwarder
from infra.local.server.front import Front, websocket_handlers
from infra.local.server.gateway import Gateway
from infra.local.server.queues import QueueForwarder
from infra.local.server.sockets import Sockets
from infra.local.server.static import StaticSite


@dataclass
class Served:
    """Where the two listeners are, and what the toy app saw."""

    port: int
    push_port: int
    toy: ModuleType


def _load_toy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("toy_app", Path(__file__).parent / "toy_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["toy_app"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    toy = _load_toy()
    folder = tmp_path_factory.mktemp("ui")
    (folder / "index.html").write_text("<html>page</html>")
    sockets = Sockets(websocket_handlers(toy.app, toy), "http")
    front = Front(
        Gateway(toy.app, "http://localhost"),
        sockets,
        StaticSite(folder, folder),
        QueueForwarder("http://127.0.0.1:9"),
        FileForwarder("http://127.0.0.1:9"),
        stream_url="ws://localhost",
    )
    found = Served(free_port(), free_port(), toy)
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        servers.extend([_server(front, found.port), _server(sockets.manage, found.push_port)])
        await asyncio.gather(*(server.serve() for server in servers))

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while len(servers) < 2 or not all(server.started for server in servers):
        with contextlib.suppress(TimeoutError):
            thread.join(0.05)
    yield found
    for server in servers:
        server.should_exit = True
    thread.join(10)
