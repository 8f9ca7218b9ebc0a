"""One run: chaos for a while, then rest, then the verdict."""

import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import checks
from tests.chaos.clients import Caller, Client, Diary, Wish
from tests.chaos.faults import Faults
from tests.chaos.reality import look
from tests.chaos.report import Result
from tests.chaos.site import Site
from tests.chaos.streams import dark
from tests.support.stack import wait_until

REST_SECONDS = 200
"""Most things are over within a command's deadline (45 s) and two inventories (15 s each)."""
_LAST_WORDS = 60


@dataclass(frozen=True)
class Plan:
    """How much of what. `docker` and `fake` are clients by platform, each with so many sessions at a time."""

    seconds: float = 180
    seed: int = 0
    every: float = 3.0
    """Seconds between faults, about."""
    docker: tuple[int, ...] = (3, 3)
    fake: tuple[int, ...] = (6, 6, 6, 6, 6, 6)


@dataclass
class Chaos:
    """`say` gets a line for each fault and each phase."""

    site: Site
    plan: Plan
    diary: Diary = field(default_factory=Diary)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._luck = random.Random(self.plan.seed)
        self._began = time.monotonic()
        self._journal = (self.site.folder / "chaos.log").open("a")
        self._clients: list[Client] = []
        self._ran: set[str] = set()
        self._faults = Faults(self.site, random.Random(self._luck.random()), self._caller(), say=self.say)

    def say(self, line: str) -> None:
        moment = time.strftime("%H:%M:%S")
        print(f"{moment} {time.monotonic() - self._began:6.1f} s  {line}", file=self._journal, flush=True)

    def run(self) -> Result:
        """The whole of it. The site is open."""
        result = Result(self.plan.seed, self.plan.seconds, logs=str(self.site.folder))
        self._make_clients()
        self._began = time.monotonic()
        for client in self._clients:
            client.start()
        self._faults.run(self.plan.seconds, self.plan.every, self.stopping)
        result.seconds = time.monotonic() - self._began
        self.say("no more faults")
        over = time.monotonic()
        self.stopping.set()
        self.site.settle()
        for client in self._clients:
            client.join(_LAST_WORDS + 120)
        result.violations = self._until_well()
        result.recovery = time.monotonic() - over if not result.violations else None
        if not result.violations:
            result.violations = self._afterwards()
        result.violations += self._processes()
        self._tell(result)
        if result.ran < sum(result.sessions.values()) / 3:  # else all of it would say little
            result.violations.append(f"stuck: only {result.ran} sessions ever ran")
        if not result.survived:
            self.site.keep_evidence()
        return result

    def _make_clients(self) -> None:
        for platform, sizes in (("docker", self.plan.docker), ("fake", self.plan.fake)):
            for most in sizes:
                self._clients.append(
                    Client(
                        self._caller(),
                        platform=platform,
                        templates=self.site.templates[platform],
                        controller_id=self.site.controllers[platform],
                        most=most,
                        pause=0.6 if platform == "docker" else 0.25,
                        stopping=self.stopping,
                    )
                )

    def _caller(self) -> Caller:
        api = self.site.client()
        api.sign_in()
        return Caller(api, self.diary, random.Random(self._luck.random()))

    def _until_well(self) -> list[str]:
        """What is still wrong when patience ends; nothing as soon as nothing is."""
        deadline = time.monotonic() + REST_SECONDS
        while True:
            seen = look(self.site)
            wrong = checks.violations(seen, self.diary, self.site.controllers)
            if not wrong:
                return checks.timelines(self._walk, seen.rows)
            self.say(f"{len(wrong)} not right yet: {'; '.join(wrong[:4])}")
            if time.monotonic() > deadline:
                return wrong + checks.timelines(self._walk, seen.rows)
            time.sleep(2)

    def _afterwards(self) -> list[str]:
        """All of it still works, and all of it can be ended."""
        self.say("well again; each platform once more, then everything ends")
        found = []
        for client in {each.platform: each for each in self._clients}.values():
            for template_id in client.templates:
                found += self._whole_life(client, client.create(template_id))
        caller = self._clients[0].caller
        for wish in self.diary.wishes:
            if wish.id and wish.asked != "terminated":
                answer = caller.call("DELETE", f"/v1/sessions/{wish.id}?delete_home=true")
                if answer is not None and answer.is_success:
                    wish.asked, wish.delete_home = "terminated", True
        return found + self._until_well()

    def _whole_life(self, client: Client, wish: Wish) -> list[str]:
        """What did not work."""
        for what, state in (("", "running"), ("hibernate", "hibernated"), ("wake", "running")):
            if what:
                client.want(wish, what)
            if not _reaches(client, wish, state):
                view = client.view(wish)
                return [f"stuck: {wish.id} is {view.get('state')}, never {state}: {view.get('reason')}"]
        if client.platform != "docker":
            return []
        return [f"stuck: {each}" for each in dark(client.caller, wish.id)]

    def _processes(self) -> list[str]:
        """Of agents none said that it gives up; faults could be made and mended; answers were understood."""
        found = [
            f"lost: {agent.name} ended with status {status}, for good"
            for agent in self.site.agents
            for status in agent.gave_up
        ]
        found += [f"fault failed: {each}" for each in self._faults.failures]
        return found + [f"unexpected answer: {each}" for each in self.diary.surprises]

    def _timeline(self, session_id: str) -> list[dict[str, Any]]:
        caller = self._clients[0].caller
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = caller.call("GET", f"/v1/sessions/{session_id}/timeline?limit=100{cursor}")
            if answer is None or not answer.is_success:
                return items
            page = answer.json()
            items += page["items"]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def _walk(self, session_id: str) -> list[dict[str, Any]]:
        entries = self._timeline(session_id)
        if any(each["to"] == "running" for each in entries):
            self._ran.add(session_id)
        return entries

    def _tell(self, result: Result) -> None:
        result.sessions = dict(Counter(wish.platform for wish in self.diary.wishes if wish.id))
        result.ran = len(self._ran)
        result.requests = dict(self.diary.accepted)
        result.answers = dict(self.diary.statuses)
        result.faults = dict(self._faults.struck)
        status = json.loads((self.site.stack.home / "run" / "status.json").read_text())
        result.restarts = {name: each["restarts"] for name, each in status["processes"].items()}
        result.restarts |= {each.name: each.starts - 1 for each in self.site.agents}


def endure(plan: Plan, folder: Path) -> Result:
    """A whole run in that folder; whatever happens, nothing runs afterwards."""
    site = Site(folder, random.Random(plan.seed))
    try:
        site.open()
        print(f"chaos for {plan.seconds:.0f} s, seed {plan.seed}; logs in {folder}", flush=True)
        return Chaos(site, plan).run()
    except BaseException:
        print(f"It broke off; logs in {folder}", file=sys.stderr)
        raise
    finally:
        site.close()


def _reaches(client: Client, wish: Wish, state: str) -> bool:
    try:
        wait_until(lambda: client.view(wish).get("state") == state, 60, every=0.2)
    except TimeoutError:
        return False
    return True
