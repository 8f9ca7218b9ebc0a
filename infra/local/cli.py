"""The commands behind `make up`, `make run`, `make down` and `make status`."""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from infra.local import ports
from infra.local.client import ApiError, Client
from infra.local.logs import Follower
from infra.local.rest import put_to_rest
from infra.local.seed import credentials
from infra.local.settings import ROOT, Settings, read
from infra.local.supervisor import STOP_SECONDS, AlreadyRunningError, Supervisor, open_lock

_UP_SECONDS = 180
_ONLINE_SECONDS = 30


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The local stack.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start in the background and wait until it is ready")
    commands.add_parser("run", help="start in the foreground; Ctrl-C stops it")
    down = commands.add_parser("down", help="hibernate sessions and stop")
    down.add_argument("--keep-sessions", action="store_true", help="leave their instances running")
    commands.add_parser("status", help="say what runs")
    commands.add_parser("supervise", help="the background half of `up`")
    options = parser.parse_args()
    settings = read(os.environ)
    settings.prepare()
    if options.command == "down":
        return down_(settings, keep_sessions=options.keep_sessions)
    if options.command == "status":
        return status(settings)
    if options.command == "supervise":
        return _supervise(settings)
    return _begin(settings, foreground=options.command == "run")


def _begin(settings: Settings, *, foreground: bool) -> int:
    if _alive(settings):
        print(f"StreamSpace is already running at {settings.public_url} (make down stops it).")
        _say_login(settings)
        return 0
    try:
        ports.check(settings)
    except ports.PortBusyError as error:
        print(error, file=sys.stderr)
        return 1
    (settings.run / "status.json").unlink(missing_ok=True)
    return run(settings) if foreground else up(settings)


def up(settings: Settings) -> int:
    """Start the supervisor in the background; 0 once all is ready."""
    with (settings.log / "supervisor.log").open("a") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "supervise"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _UP_SECONDS
    shown = ""
    while time.monotonic() < deadline:
        now = _status(settings)
        if now.get("starting") and now["starting"] != shown:
            shown = now["starting"]
            print(f"starting {shown} …", flush=True)
        if now.get("ready"):
            _welcome(settings)
            return 0
        if child.poll() is not None:
            reason = _status(settings).get("error") or f"see {settings.log / 'supervisor.log'}"
            print(f"StreamSpace did not start. {reason}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print(f"StreamSpace is not ready after {_UP_SECONDS} s; see {settings.log}", file=sys.stderr)
    return 1


def run(settings: Settings) -> int:
    """Supervise in the foreground, and put sessions to rest at the end."""

    stopping = threading.Event()
    follower = Follower(settings.log, _say)

    def ready() -> None:
        _welcome(settings)
        print(f"Ctrl-C stops it. Warnings follow; all of it is in {settings.log}")
        threading.Thread(target=follower.follow, args=(stopping,), daemon=True).start()

    def ending() -> None:
        stopping.set()
        put_to_rest(settings, _say)

    async def supervise() -> int:
        supervisor = Supervisor(settings, _say, ready=ready, ending=ending)
        return await supervisor.run()

    try:
        return asyncio.run(supervise())
    except AlreadyRunningError:
        print("StreamSpace is already running.", file=sys.stderr)
        return 1


def _supervise(settings: Settings) -> int:
    async def supervise() -> int:
        return await Supervisor(settings, _say).run()

    try:
        return asyncio.run(supervise())
    except AlreadyRunningError:
        return 1


def down_(settings: Settings, *, keep_sessions: bool) -> int:
    """Stop; 0 also if nothing ran."""
    if not _alive(settings):
        print("StreamSpace is not running.")
        return 0
    if not keep_sessions:
        put_to_rest(settings, _say)
    pid = int(_status(settings)["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 5 * STOP_SECONDS
    while _alive(settings):
        if time.monotonic() > deadline:
            print(f"The supervisor (process {pid}) does not stop; see {settings.log}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print("StreamSpace has stopped.")
    return 0


def status(settings: Settings) -> int:
    """Print what runs; 0 if all is ready."""
    now = _status(settings) if _alive(settings) else {}
    if not now:
        print("StreamSpace is not running.")
        return 1
    state = "ready" if now["ready"] else f"starting {now['starting']}"
    print(f"{settings.public_url}: {state}")
    for name, facts in now["processes"].items():
        print(f"  {name:10} process {facts['pid']}, restarted {facts['restarts']} times")
    return 0 if now["ready"] else 1


def _welcome(settings: Settings) -> None:
    problem = _wait_for_agent(settings)
    print(f"\nStreamSpace is ready: {settings.public_url}")
    _say_login(settings)
    if not os.environ.get("STREAMSPACE_MAIL"):
        print(f"  mails     {settings.mail}   (a file each)")
    if problem:
        print(f"\nThe local controller is not online yet, so nothing can be launched: {problem}")


def _wait_for_agent(settings: Settings) -> str:
    """Empty once a controller is online, else what is known about why not."""
    deadline = time.monotonic() + _ONLINE_SECONDS
    problem = "the agent has not reported"
    while time.monotonic() < deadline:
        try:
            controllers = Client(settings).all("/v1/controllers")
            if any(each["state"] == "online" for each in controllers):
                return ""
        except (ApiError, KeyError) as error:
            problem = str(error)
        time.sleep(0.3)
    log = settings.log / "agent.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f"{lines[-1]} ({log})" if lines else problem


def _say_login(settings: Settings) -> None:
    known = credentials(settings)
    print(f"  e-mail    {known.get('STREAMSPACE_EMAIL', '')}")
    print(f"  password  {known.get('STREAMSPACE_PASSWORD', '')}   (kept in {settings.env_file})")


def _alive(settings: Settings) -> bool:
    try:
        os.close(open_lock(settings))
    except AlreadyRunningError:
        return True
    return False


def _status(settings: Settings) -> dict[str, Any]:
    path = settings.run / "status.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)
