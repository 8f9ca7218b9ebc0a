"""What runs in a pod. No process: what an image or a command would do is one of a few programs, and a command
is read for the forms that tests use (perl one-liners, as the tests' small image has nothing else).
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.support.cluster import rfb
from tests.support.cluster.objects import Object, new_uid, now

Behaviour = Literal["serves", "exits", "silent"]
KILLED = 137


@dataclass(frozen=True)
class Image:
    """`present`: on every node already. `failure`: what pulling it ends with, in the runtime's words."""

    behaviour: Behaviour = "serves"
    present: bool = True
    size: int = 4_194_304
    prints: tuple[str, ...] = ()
    exit_code: int = 0
    failure: str | None = None
    ignores_term: bool = False


@dataclass
class Files:
    """A volume's content: path below the mount -> text."""

    content: dict[str, str] = field(default_factory=dict)


@dataclass
class Container:
    """One run of one container."""

    spec: Object
    image: Image
    address: str
    password: bytes
    mounts: dict[str, Files]
    """By mount path."""
    id: str = field(default_factory=lambda: f"containerd://{new_uid().replace('-', '') * 2}")
    started: str = field(default_factory=now)
    lines: list[str] = field(default_factory=list)
    outcome: tuple[int, str] | None = None
    """Exit code and reason, once it is over."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self.lines += [f"{self.spec['name']} began", *self.image.prints]
        given = [*(self.spec.get("command") or ()), *(self.spec.get("args") or ())]
        env = self._env()
        argv = [expanded(each, env) for each in given]
        script = argv[-1] if argv else ""
        if re.search(r"\bsleep\b", script):
            return
        if found := re.search(r"\bexit (\d+)", script):
            self.lines += re.findall(r'print (?:STDERR|STDOUT)? ?"([^"]*?)(?:\\n)?"', script)
            self.end(int(found[1]))
            return
        if self.image.behaviour == "exits":
            self.end(self.image.exit_code, "")
        elif self.image.behaviour == "serves":
            await self._serve()

    def _env(self) -> dict[str, str]:
        """A value may name those before it."""
        found: dict[str, str] = {}
        for each in self.spec.get("env") or ():
            found[each["name"]] = expanded(each.get("value", ""), found)
        return found

    async def _serve(self) -> None:
        if port := self._env().get("STREAMSPACE_RFB_PORT"):
            await self._listen(int(port), lambda r, w: rfb.serve_rfb(r, w, self.password))
        for each in self.spec.get("ports") or ():
            if str(each["containerPort"]) != port:
                await self._listen(each["containerPort"], rfb.serve_http)

    async def _listen(
        self, port: int, talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            try:
                await talk(reader, writer)
            finally:
                self._open.discard(writer)
                writer.close()

        self._servers.append(await asyncio.start_server(connected, self.address, port))

    def end(self, code: int, reason: str = "") -> None:
        """It is over: connections break, ports close."""
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            with contextlib.suppress(Exception):
                writer.transport.abort()
        if self.outcome is None:
            self.outcome = (code, reason or ("Completed" if code == 0 else "Error"))
            self.over.set()

    async def stop(self, asked: float, grace: float) -> None:
        """TERM, and KILL after the grace period."""
        if self.image.ignores_term:
            await asyncio.sleep(grace)
            self.end(KILLED)
        else:
            await asyncio.sleep(asked)
            self.end(0)

    # exec

    def execute(self, argv: Sequence[str]) -> tuple[str, str, int]:
        """Output, errors and exit code of a command run inside. Raises LookupError for what is no program
        that the container has."""
        if not argv or argv[0].rsplit("/", 1)[-1] != "perl":
            raise LookupError(argv[0] if argv else "")
        script, given = argv[2], argv[3:]
        if re.search(r"kill[ (]+['\"]?(9|KILL)['\"]?,? *(=>)? *-1", script):
            self.end(KILLED)
            return "", "", 0
        if found := re.search(r'open\(\w+, "(<|>)", "([^"]+)"\)', script):
            mount, inside = self._place(found[2])
            if found[1] == "<":
                return mount.content.get(inside, ""), "", 0
            mount.content[inside] = given[0]
            return "", "", 0
        return "", f"the test cluster does not know this script: {script}\n", 255

    def _place(self, path: str) -> tuple[Files, str]:
        for where in sorted(self.mounts, key=len, reverse=True):
            if path.startswith(f"{where.rstrip('/')}/"):
                return self.mounts[where], path[len(where.rstrip("/")) + 1 :]
        return Files(), path


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """What the kubelet makes of a value or an argument (`third_party/forked/golang/expansion`)."""

    def one(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else variables.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", one, text)
