"""Putting sessions to rest before the stack stops.

`down` leaves nothing running that nobody watches: sessions of the local controller are hibernated through
the public API, so that after the next `up` their owners find them hibernated, with their homes, and can
wake them. What is not at rest in time is stopped in Docker; the agent reports that at its next start, and
the session says so. With `--keep-sessions` instances go on; the agent adopts them at its next start.
"""

import json
import time
from collections.abc import Callable

import docker
from docker.errors import DockerException

from infra.local.client import ApiError, Client
from infra.local.settings import Settings

_AWAKE = frozenset({"running", "starting", "waking", "hibernating", "terminating"})
REST_SECONDS = 30
_SIGN_IN_SECONDS = 10


def put_to_rest(settings: Settings, say: Callable[[str], None]) -> None:
    """Returns when none runs any more, or says what still does."""
    controller = _controller(settings)
    if controller is None:
        return
    try:
        _hibernate(_signed_in(settings), controller, say)
    except (ApiError, KeyError) as error:
        say(f"could not hibernate sessions: {error}")
    _stop_containers(controller, say)


def _controller(settings: Settings) -> str | None:
    path = settings.agent_state / "enrolment.json"
    return str(json.loads(path.read_text())["answer"]["controller_id"]) if path.exists() else None


def _signed_in(settings: Settings) -> Client:
    """Patient with an api process that is just being started again. Raises ApiError."""
    deadline = time.monotonic() + _SIGN_IN_SECONDS
    while True:
        try:
            return Client(settings)
        except ApiError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def _hibernate(client: Client, controller: str, say: Callable[[str], None]) -> None:
    asked = False
    deadline = time.monotonic() + REST_SECONDS
    while awake := _awake(client, controller):
        if not asked:
            say(f"hibernating {len(awake)} session(s); their homes are kept")
            for session in awake:
                if session["state"] in {"running", "starting", "waking"}:
                    client.call("POST", f"/v1/sessions/{session['id']}/hibernate")
            asked = True
        if time.monotonic() > deadline:
            say(f"{len(awake)} session(s) did not come to rest in {REST_SECONDS} s")
            return
        time.sleep(0.3)


def _awake(client: Client, controller: str) -> list[dict[str, str]]:
    sessions = client.all("/v1/sessions")
    return [each for each in sessions if each["controller_id"] == controller and each["state"] in _AWAKE]


def _stop_containers(controller: str, say: Callable[[str], None]) -> None:
    try:
        engine = docker.from_env(timeout=20)
        for container in engine.containers.list(filters={"label": f"streamspace.controller={controller}"}):
            container.stop(timeout=5)
            say(f"stopped {container.name}")
        engine.close()
    except (DockerException, OSError):
        say("Docker does not answer; its containers were left as they are")
