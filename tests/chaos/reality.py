"""What there is: on the platforms, in the control plane's tables and queues, and in agents' folders."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from infra.local.settings import read
from tests.chaos.host import labels
from tests.chaos.site import Site
from tests.support.stack import REPOSITORY

_LABEL = "streamspace."
_BOOKS_SECONDS = 150
"""The app is imported for it, on a machine that is busy."""


@dataclass(frozen=True)
class Row:
    """A session as its table has it."""

    id: str
    state: str
    desired: str
    controller_id: str | None
    incarnation: int
    delete_home: bool
    idle: bool
    held: str
    cpu: int


@dataclass
class Reality:
    """Instances are (session, incarnation, running), by platform; things are what else bears a session's
    name: kind and session."""

    rows: dict[str, Row] = field(default_factory=dict)
    drift: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    instances: dict[str, list[tuple[str, int, bool]]] = field(default_factory=dict)
    homes: dict[str, set[str]] = field(default_factory=dict)
    things: list[tuple[str, str]] = field(default_factory=list)
    networks: Counter[str] = field(default_factory=Counter)
    """By name: how many instances need each that exists."""
    cpu: Counter[str] = field(default_factory=Counter)
    """Of running instances, by platform."""
    held: dict[str, list[str]] = field(default_factory=dict)
    """Reports and claims that an agent still has on disk, by agent."""

    def by_session(self, platform: str) -> dict[str, list[tuple[int, bool]]]:
        """Incarnation and whether it runs."""
        found: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for session_id, incarnation, running in self.instances[platform]:
            found[session_id].append((incarnation, running))
        return found


def look(site: Site) -> Reality:
    """As it is now."""
    said = _services(site)
    found = Reality(
        rows={each["id"]: Row(**each) for each in said["sessions"]},
        drift=said["drift"],
        messages=said["queues"],
    )
    _fake(site, found)
    _docker(site, found)
    _folders(site, found)
    return found


def _services(site: Site) -> dict[str, Any]:
    """In a process with the stack's environment: this one is of no stack."""
    environment = read({**site.stack.environment, "PATH": os.environ["PATH"]}).app_environment()
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.books"],
        env={**environment, "STREAMSPACE_INTERVAL_DIVISOR": "1", "POWERTOOLS_LOG_LEVEL": "WARNING"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=_BOOKS_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the books cannot be read: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _fake(site: Site, found: Reality) -> None:
    with site.world.held() as world:
        found.instances["fake"] = [(*key, each.running) for key, each in world.instances.items()]
        found.homes["fake"] = set(world.homes)
        found.cpu["fake"] = sum(
            each.spec.resources.cpu_millis for each in world.instances.values() if each.running
        )


def _docker(site: Site, found: Reality) -> None:
    mine = f"label={_LABEL}controller={site.controllers['docker']}"
    containers = site.host.listed("ps", "--all", "--filter", mine)
    facts = [(labels(each), each["State"] == "running") for each in containers]
    found.instances["docker"] = [
        (own[f"{_LABEL}session"], int(own[f"{_LABEL}incarnation"]), running) for own, running in facts
    ]
    found.cpu["docker"] = sum(int(own[f"{_LABEL}cpu-millis"]) for own, running in facts if running)
    volumes = site.host.listed("volume", "ls")
    found.homes["docker"] = {
        own[f"{_LABEL}session"] for own in map(labels, volumes) if f"{_LABEL}session" in own
    }
    found.things += [("volume without a label", each["Name"]) for each in volumes if _LABEL not in str(each)]
    for network in site.host.listed("network", "ls", "--filter", mine):
        kind = labels(network).get(f"{_LABEL}network")
        found.networks[network["Name"]] = sum(own.get(f"{_LABEL}network") == kind for own, _ in facts)


def _folders(site: Site, found: Reality) -> None:
    """Sockets and passwords of sessions, and what agents still have to say."""
    places = {"socket": site.host.path(f"/run/streamspace/{site.controllers['docker']}")}
    places["secret"] = places["socket"] / ".agents"
    for kind, folder in places.items():
        if folder.is_dir():
            found.things += [(kind, each.name) for each in folder.iterdir() if each.name[0] != "."]
    for agent in site.agents:
        worker = site.host.path(f"{agent.disk}/state/worker")
        files = [*worker.glob("outbox/*.json"), *worker.glob("claims/*.json")]
        found.held[agent.name] = [f"{each.parent.name} {each.name}" for each in files]
