"""Public keys outlive the control plane."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc.jwk import OKPKey

from agent.stream.keys import Keys


class ControlPlane:
    def __init__(self) -> None:
        self.keys: list[dict[str, object]] = []
        self.asked = 0
        self.broken = False

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=503) if self.broken else web.json_response({"keys": self.keys})

    def add(self, kid: str) -> None:
        self.keys.append(dict(OKPKey.generate_key("Ed25519", {"kid": kid}).as_dict(private=False)))


@pytest.fixture
async def plane() -> AsyncIterator[tuple[ControlPlane, str]]:
    plane = ControlPlane()
    app = web.Application()
    app.router.add_get("/jwks", plane.answer)
    async with TestServer(app) as server:
        yield plane, str(server.make_url("/jwks"))


@pytest.mark.feature("Streams can be opened and resumed while the control plane is down")
async def test_keys_survive_a_restart_without_the_control_plane(
    plane: tuple[ControlPlane, str], tmp_path: Path
) -> None:
    control, url = plane
    control.add("a")
    assert await Keys(url, tmp_path / "deep" / "jwks.json").find("a") is not None
    control.broken = True
    assert await Keys(url, tmp_path / "deep" / "jwks.json").find("a") is not None
    assert control.asked == 1


async def test_an_unknown_key_is_asked_for_once_in_a_while(
    plane: tuple[ControlPlane, str], tmp_path: Path
) -> None:
    control, url = plane
    control.add("a")
    keys = Keys(url, tmp_path / "jwks.json", retry_after=0.2)
    assert await asyncio.gather(*(keys.find(f"forged-{n}") for n in range(20))) == [None] * 20
    assert control.asked == 1
    control.add("b")
    await asyncio.sleep(0.25)
    assert await keys.find("b") is not None
    assert control.asked == 2


async def test_withdrawn_keys_go_and_bad_answers_change_nothing(
    plane: tuple[ControlPlane, str], tmp_path: Path
) -> None:
    control, url = plane
    control.add("a")
    keys = Keys(url, tmp_path / "jwks.json", refresh_after=0, retry_after=0)
    assert await keys.find("a") is not None
    control.keys = []
    control.add("b")
    assert await keys.find("b") is not None
    assert await keys.find("a") is None
    control.keys = [{"kty": "oct", "k": "c2VjcmV0", "kid": "b"}]
    assert await keys.find("x") is None
    assert await keys.find("b") is not None
    await keys.close()
    assert [key["kid"] for key in json.loads((tmp_path / "jwks.json").read_text())["keys"]] == ["b"]
