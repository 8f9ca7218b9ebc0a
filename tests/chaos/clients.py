"""People's programs, as good clients are: what is not answered is asked again, creations under one
Idempotency-Key; and what was accepted is written down, to be held against the end."""

import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.stack import ApiClient

_PATIENCE = 150.0
"""Seconds after which a request that is still not answered counts as lost."""
_AGAIN = frozenset({408, 423, 429, 500, 502, 503, 504})


@dataclass
class Wish:
    """One session as its client knows it: `key` is on it as a label, `asked` is what was accepted last."""

    key: str
    platform: str
    id: str = ""
    asked: str = "running"
    delete_home: bool = False
    over: bool = False


@dataclass
class Diary:
    """What clients saw. Shared by all of them; they write each their own wishes."""

    wishes: list[Wish] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Caller:
    """The public API as a good client calls it."""

    api: ApiClient
    diary: Diary
    luck: random.Random

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response | None:
        """The answer, however often it takes to get one; None if there never was one."""
        headers = {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + _PATIENCE
        pause = 0.1
        while time.monotonic() < deadline:
            try:
                answer = self.api(method, path, body, headers=headers)
            except httpx.HTTPError as error:
                self.diary.statuses[type(error).__name__] += 1
            else:
                self.diary.statuses[str(answer.status_code)] += 1
                if answer.status_code == 401:
                    self.api.sign_in()
                elif answer.status_code not in _AGAIN:
                    return answer
            time.sleep(pause * self.luck.uniform(0.5, 1.0))
            pause = min(2.0, pause * 2)
        self.diary.unanswered.append(f"{method} {path}")
        return None


class Client(threading.Thread):
    """Makes sessions on one platform, at most `most` at a time, and changes its mind about them."""

    def __init__(
        self,
        caller: Caller,
        *,
        platform: str,
        templates: list[str],
        controller_id: str,
        most: int,
        pause: float,
        stopping: threading.Event,
    ) -> None:
        super().__init__(name=f"client-{platform}", daemon=True)
        self.caller = caller
        self._diary = caller.diary
        self._luck = caller.luck
        self.platform = platform
        self.templates = templates
        self._controller_id = controller_id
        self._most = most
        self._pause = pause
        self._stopping = stopping
        self.wishes: list[Wish] = []

    def run(self) -> None:
        while not self._stopping.wait(self._luck.uniform(0.2, 1.8) * self._pause):
            self.step()

    def step(self) -> None:
        """One thing that somebody wants."""
        live = [each for each in self.wishes if not each.over]
        if len(live) < self._most and (not live or self._luck.random() < 0.5):
            self.create()
        else:
            self._change(self._luck.choice(live))

    def create(self, template_id: str = "") -> Wish:
        """One more session, of any template or that one."""
        wish = Wish(key=uuid.UUID(int=self._luck.getrandbits(128)).hex, platform=self.platform)
        body: dict[str, Any] = {
            "template_id": template_id or self._luck.choice(self.templates),
            "labels": {"chaos": wish.key},
        }
        if self._luck.random() < 0.5:  # else it is placed
            body["controller_id"] = self._controller_id
        self.wishes.append(wish)
        self._diary.wishes.append(wish)
        self._ask(wish, "create", "POST", "/v1/sessions", body)
        return wish

    def want(self, wish: Wish, what: str) -> None:
        """`hibernate`, `wake` or `delete` it."""
        path = f"/v1/sessions/{wish.id}"
        if what == "delete":
            wipe = self._luck.random() < 0.6
            if self._ask(wish, what, "DELETE", f"{path}?delete_home={str(wipe).lower()}"):
                wish.over = True
                wish.delete_home |= wipe
        else:
            self._ask(wish, what, "POST", f"{path}/{what}")

    def view(self, wish: Wish) -> dict[str, Any]:
        """As it is now."""
        answer = self.caller.call("GET", f"/v1/sessions/{wish.id}")
        return dict(answer.json()) if answer is not None and answer.status_code == 200 else {}

    def _ask(self, wish: Wish, what: str, method: str, path: str, body: Any = None) -> bool:
        """Whether it was accepted."""
        answer = self.caller.call(method, path, body, wish.key if what == "create" else None)
        if answer is None:
            return False
        if answer.is_success:
            view = answer.json()
            wish.id = view["id"]
            wish.asked = view["desired_state"]
            self._diary.accepted[what] += 1
            return True
        if answer.status_code != 409:  # what the state does not allow just now
            self._diary.surprises.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return False

    def _change(self, wish: Wish) -> None:
        if not wish.id:
            wish.over = True
            return
        view = self.view(wish)
        match view.get("state"):
            case "running":
                choices = ["hibernate", "hibernate", "delete", ""]
            case "hibernated":
                choices = ["wake", "wake", "delete"]
            case "failed":
                choices = ["wake", "delete"]
            case "terminated" | None:
                wish.over = True
                return
            case _:  # on the way: most people wait
                choices = ["", "", "", "", "hibernate", "wake", "delete"]
        if what := self._luck.choice(choices):
            self.want(wish, what)
