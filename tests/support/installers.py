"""Installers, run as a person runs them: a script from a download, on a machine with few tools."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

_END = 'main "$@"\n'


def machine(folder: Path, tools: Iterable[str], stand_ins: Mapping[str, str]) -> dict[str, str]:
    """The environment of a machine that has those tools, and those scripts in place of what should not run
    here. They write down how they were called, in the file `calls` of that folder ($CALLS)."""
    place = folder / "bin"
    place.mkdir()
    for name in tools:
        if found := shutil.which(name):
            (place / name).symlink_to(found)
    for name, script in stand_ins.items():
        (place / name).write_text(script)
        (place / name).chmod(0o755)
    return {"PATH": str(place), "HOME": str(folder), "CALLS": str(folder / "calls")}


@asynccontextmanager
async def handing_out(files: Mapping[str, bytes]) -> AsyncIterator[str]:
    """The URL of a control plane that has those files below `/install`."""

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=files[request.match_info["name"]])

    app = web.Application()
    app.router.add_get("/install/{name}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def install(script: str, machine: dict[str, str], *arguments: str) -> tuple[int, str]:
    """`… | sh -s -- arguments`: its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-s", "--", *arguments),
        env=machine,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(script.encode()), 90)
    return process.returncode or 0, out.decode()


async def does_nothing_when_it_breaks_off(script: str, machine: dict[str, str]) -> None:
    """Run many beginnings of a download."""
    for cut in range(0, len(script) - len(_END), 500):
        await install(script[:cut], machine, "--url", "http://127.0.0.1:9", "--token", "t")
    assert not Path(machine["CALLS"]).exists()
