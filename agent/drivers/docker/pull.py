"""Pulling an image with progress in bytes, stopped at once by newer intent."""

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import docker.auth
import docker.errors
from docker.utils import parse_repository_tag

from agent.drivers.base import Progressing, Step
from agent.drivers.docker.engine import Engine
from agent.drivers.docker.errors import Transport, permanent, pull_failed, temporary, unavailable
from chalicelib.protocol.instances import Progress, Stage

TICK = 0.25
"""Seconds between two looks at whether the pull is still wanted."""
STALL = 120.0
"""Seconds without a word from the registry before the pull is given up."""


@dataclass
class Layers:
    """Sums up Docker's events, one line per layer, as bytes done of bytes known so far."""

    _done: dict[str, int] = field(default_factory=dict)
    _total: dict[str, int] = field(default_factory=dict)

    def feed(self, event: Mapping[str, Any]) -> Progress:
        layer, status = event.get("id", ""), event.get("status", "")
        detail = event.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total", 0) > 0:
            self._total[layer] = detail["total"]
            self._done[layer] = min(detail.get("current", 0), detail["total"])
        elif status in {"Download complete", "Extracting", "Pull complete"} and layer in self._total:
            self._done[layer] = self._total[layer]
        return Progress(done=sum(self._done.values()), total=sum(self._total.values()))


def pull(engine: Engine, image: str, progressing: Progressing, *, stall: float = STALL) -> None:
    """Pull `image`. Raises `image_not_found`, `image_pull_failed`, `no_space`, `platform_unavailable`, and
    whatever `progressing` raises. Closing the connection is what makes the daemon stop."""
    progressing(Step(Stage.PULLING))
    api = engine.api()
    try:
        response = _request(api, image)
    except docker.errors.DockerException as error:
        raise permanent("image_not_found", f"{image} is not the name of an image: {error}") from error
    except Transport as error:
        raise unavailable(engine.address, error) from error
    if response.status_code >= 400:
        raise pull_failed(image, _message(response.text))
    try:
        layers, latest, silent = Layers(), Progress(done=0, total=0), 0.0
        for event in _events(response):
            if event is None:
                silent += TICK
                if silent >= stall:
                    raise temporary("image_pull_failed", f"The registry of {image} stopped answering.")
            else:
                silent = 0.0
                if "error" in event:
                    raise pull_failed(image, event["error"])
                latest = layers.feed(event)
            progressing(Step(Stage.PULLING, latest))
    finally:
        _hang_up(response)


def _request(api: Any, image: str) -> Any:
    """POST /images/create as the SDK does it, but with the response in hand, so that it can be hung up."""
    repository, tag = parse_repository_tag(image)
    api.reload_config()  # a `docker login` since the agent started counts
    registry, _ = docker.auth.resolve_repository_name(repository)
    credentials = docker.auth.get_config_header(api, registry)
    return api.post(
        f"{api.base_url}/v{api.api_version}/images/create",
        params={"fromImage": repository, "tag": tag or "latest"},
        headers={"X-Registry-Auth": credentials} if credentials else {},
        stream=True,
        timeout=(10, None),
    )


def _events(response: Any) -> Iterator[Mapping[str, Any] | None]:
    """The daemon's events as they come; None when a tick passed without one.

    Reads in a thread, because a blocked read cannot look at whether the pull is still wanted.
    """
    inbox: queue.SimpleQueue[Mapping[str, Any] | BaseException | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for line in response.iter_lines(chunk_size=None):
                if line:
                    inbox.put(json.loads(line))
            inbox.put(None)
        except Exception as error:  # handed to the thread that waits
            inbox.put(error)

    threading.Thread(target=read, name="pull", daemon=True).start()
    while True:
        try:
            event = inbox.get(timeout=TICK)
        except queue.Empty:
            yield None
            continue
        if event is None:
            return
        if isinstance(event, BaseException):
            raise temporary("image_pull_failed", f"Docker broke off the pull: {event}") from event
        yield event


def _hang_up(response: Any) -> None:
    """Close for good. Closing alone would not wake a thread that is blocked in a read."""
    connection = getattr(response.raw, "connection", None)
    sock: socket.socket | None = getattr(connection, "sock", None)
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    response.close()


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body
