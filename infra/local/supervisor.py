"""Keeps the processes of one local stack alive: starts them in order, restarts what dies, stops them
together.

Run by `cli.py` (`python -m infra.local up` in the background, `run` in the foreground). A lock on
`run/supervisor.lock` says that it is alive and dies with it; `run/status.json` says how far it is. Children
die with it, too, even when it is killed, so that a second stack never meets remnants of the first.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.processes import START_SECONDS, Process, processes
from infra.local.settings import ROOT, Settings

STOP_SECONDS = 12
_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY_SECONDS = 0.2, 10.0, 30.0
_LOG_BYTES = 20 * 2**20
_libc = ctypes.CDLL(None)


class StartError(Exception):
    """The stack did not come up. The message says which part and where to look."""


class AlreadyRunningError(Exception):
    """Another supervisor holds the lock of this home."""


class Supervisor:
    """`say` gets one line for each thing that happens; `ready` and `ending` are called (in a thread) once
    all has started and before anything is stopped."""

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        *,
        ready: Callable[[], None] = lambda: None,
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._on_ready = ready
        self._on_ending = ending
        self._lock = open_lock(settings)
        self._stopping = asyncio.Event()
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._restarts: dict[str, int] = {}
        self._ready = False

    async def run(self) -> int:
        """Until stopped by a signal. The exit status: 0, or 1 if the stack did not come up."""
        (self._settings.run / "supervisor.pid").write_text(f"{os.getpid()}\n")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        keepers: list[asyncio.Task[None]] = []
        error = ""
        try:
            for process in processes(self._settings):
                if process.name == "api":
                    await self._seed()
                keepers.append(await self._start(process))
                if self._stopping.is_set():
                    break
            self._ready = not self._stopping.is_set()
            self._note("")
            if self._ready:
                await asyncio.to_thread(self._on_ready)
            await self._keep_house()
            await asyncio.to_thread(self._on_ending)
        except StartError as failure:
            error = str(failure)
            self._say(f"StreamSpace did not start: {error}")
        finally:
            self._stopping.set()
            await self._stop(keepers)
            self._ready = False
            self._note(error)
        return 1 if error else 0

    async def _seed(self) -> None:
        """Tables, keys and the administrator, before anybody can ask for them."""
        self._note("", starting="seed")
        log = _open_log(self._settings, "seed")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.local.seed"),
            env=self._settings.app_environment(),
            cwd=ROOT,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,
        )
        os.close(log)
        if await child.wait():
            raise StartError(_last_words(self._settings, "seed"))

    async def _start(self, process: Process) -> "asyncio.Task[None]":
        self._note("", starting=process.name)
        began = time.monotonic()
        await self._spawn(process)
        while not await asyncio.to_thread(process.ready):
            child = self._children[process.name]
            if child.returncode is not None:
                raise StartError(_last_words(self._settings, process.name))
            if time.monotonic() - began > START_SECONDS:
                raise StartError(f"{process.name} is not ready after {START_SECONDS} s (see its log)")
            if self._stopping.is_set():
                break
            await asyncio.sleep(0.05)
        self._say(f"{process.name} is ready ({time.monotonic() - began:.1f} s)")
        return asyncio.create_task(self._keep(process))

    async def _spawn(self, process: Process) -> None:
        log = _open_log(self._settings, process.name)
        child = await asyncio.create_subprocess_exec(
            *process.command,
            env=process.environment(),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        os.close(log)
        self._children[process.name] = child
        (self._settings.run / f"{process.name}.pid").write_text(f"{child.pid}\n")

    async def _keep(self, process: Process) -> None:
        """Start it again whenever it ends, sooner if it had been steady."""
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            status = await self._children[process.name].wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > _STEADY_SECONDS:
                pause = _FIRST_PAUSE
            self._say(f"{process.name} ended ({_describe(status)}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
            if self._stopping.is_set():
                return
            await self._spawn(process)
            self._restarts[process.name] = self._restarts.get(process.name, 0) + 1
            self._note("")

    async def _keep_house(self) -> None:
        while not self._stopping.is_set():
            for path in self._settings.log.glob("*.log"):
                if path.stat().st_size > _LOG_BYTES:  # children append, so truncating is safe
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                    os.truncate(path, 0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 60)

    async def _stop(self, keepers: "list[asyncio.Task[None]]") -> None:
        """In reverse order, so that each can still say goodbye to what it depends on."""
        for name in reversed(list(self._children)):
            child = self._children[name]
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
                try:
                    await asyncio.wait_for(child.wait(), STOP_SECONDS)
                except TimeoutError:
                    child.kill()
                    await child.wait()
                self._say(f"{name} has stopped")
            (self._settings.run / f"{name}.pid").unlink(missing_ok=True)
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    def _note(self, error: str, *, starting: str = "") -> None:
        """What `status` and a waiting `up` read."""
        status = {
            "pid": os.getpid(),
            "ready": self._ready,
            "starting": starting,
            "error": error,
            "processes": {
                name: {"pid": child.pid, "restarts": self._restarts.get(name, 0)}
                for name, child in self._children.items()
                if child.returncode is None
            },
        }
        partial = self._settings.run / "status.json.new"
        partial.write_text(json.dumps(status, indent=1))
        partial.replace(self._settings.run / "status.json")


def open_lock(settings: Settings) -> int:
    """Held until this process ends. Raises AlreadyRunningError."""
    lock = os.open(settings.run / "supervisor.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunningError from None
    return lock


def _die_with_parent() -> None:
    _libc.prctl(1, signal.SIGTERM)


def _open_log(settings: Settings, name: str) -> int:
    return os.open(settings.log / f"{name}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _last_words(settings: Settings, name: str) -> str:
    path: Path = settings.log / f"{name}.log"
    lines = path.read_text(errors="replace").strip().splitlines()
    return f"{name}: {lines[-1] if lines else 'no word'} (all of it: {path})"


def _describe(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
