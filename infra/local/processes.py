"""The five processes of the local stack: how each is started and when it counts as ready."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.settings import Settings

START_SECONDS = 30


@dataclass(frozen=True)
class Process:
    """`ready` is asked again and again after the start. Everything is started in the order of
    `processes`."""

    name: str
    command: tuple[str, ...]
    environment: Callable[[], dict[str, str]]
    ready: Callable[[], bool]


def processes(settings: Settings) -> tuple[Process, ...]:
    python = sys.executable
    api = f"http://127.0.0.1:{settings.api_port}"
    emulator = f"http://127.0.0.1:{settings.emulator_port}/_streamspace/changes"
    relay = (
        *(python, "-m", "agent.stream.relay", "--listen", f"{settings.bind}:{settings.port}"),
        *("--upstream", f"127.0.0.1:{settings.api_port}", "--jwks", f"{api}/.well-known/jwks.json"),
        *("--state", str(settings.home / "relay")),
    )
    # Enrols first, as a client of the public API, and then becomes the agent.
    agent = (python, "-m", "infra.local.agent")
    return (
        Process(
            "ministack",
            (str(settings.emulator_venv / "bin" / "python"), "-m", "infra.local.emulator"),
            settings.emulator_environment,
            lambda: answers(emulator),
        ),
        Process(
            "api",
            (python, "-m", "infra.local.server"),
            settings.app_environment,
            lambda: answers(f"{api}/healthz"),
        ),
        Process("runner", (python, "-m", "infra.local.runner"), settings.app_environment, lambda: True),
        Process("relay", relay, settings.plain_environment, lambda: answers(f"{settings.local_url}/healthz")),
        Process("agent", agent, settings.plain_environment, lambda: True),
    )


def answers(url: str) -> bool:
    """Whether an HTTP server answers there without a server error."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError, json.JSONDecodeError):
        return False
