"""Every route against every role, every missing or stale credential, and foreign ids in every position."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.api import Operation
from chalicelib.core.ids import new_id
from chalicelib.identity.rules import Role
from tests.support.lambda_client import Answer, LambdaClient
from tests.support.matrix.positions import KIND_OF, PREFIX, in_model, in_path, placed
from tests.support.matrix.table import AGENT, OPEN, SIGNED_IN, TABLE, Entry
from tests.support.matrix.world import Actor, Organisation

REPORT = Path(".streamspace/reports/matrix.json")
_serial = itertools.count(1)
_ID = re.compile(r"\b[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}\b")


class Tally:
    """What was asked, and what was answered wrongly."""

    def __init__(self) -> None:
        self.cases = 0
        self.wrong: list[str] = []

    def expect(self, right: bool, case: str, answer: Answer) -> None:
        self.cases += 1
        if not right:
            self.wrong.append(f"{case}: {answer.status} {answer.text[:300]}")


@pytest.fixture(scope="module")
def operations(control_plane: Any) -> dict[str, Operation]:
    return {f"{each.method} {each.path}": each for api in control_plane.apis for each in api.operations}


@pytest.fixture(scope="module")
def home(control_plane: Any, client: LambdaClient) -> Organisation:
    return Organisation.founded(control_plane, client)


@pytest.fixture(scope="module")
def abroad(control_plane: Any, client: LambdaClient) -> Organisation:
    """Another organisation, with one object of every kind."""
    found = Organisation.founded(control_plane, client)
    for kind in PREFIX:
        found.make(kind)
    return found


@pytest.fixture(scope="module")
def tally(operations: dict[str, Operation]) -> Iterator[Tally]:
    found = Tally()
    yield found
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "routes": len(operations),
        "roles": len(Role),
        "cases": found.cases,
        "wrong": len(found.wrong),
    }
    REPORT.write_text(json.dumps(report) + "\n")


def test_the_table_and_the_routes_agree(operations: dict[str, Operation]) -> None:
    assert sorted(operations) == sorted(TABLE)
    for name, operation in operations.items():
        needs = TABLE[name].needs
        expected = {OPEN: None, AGENT: "agent"}.get(needs, "bearer")
        assert operation.security == expected, name
        assert operation.permission == (None if needs in (OPEN, AGENT, SIGNED_IN) else needs), name


@pytest.mark.feature("Every route answers every role as the permission table says")
@pytest.mark.parametrize("route", sorted(TABLE))
def test_every_role(
    route: str, operations: dict[str, Operation], home: Organisation, client: LambdaClient, tally: Tally
) -> None:
    entry, operation = TABLE[route], operations[route]
    before = len(tally.wrong)
    for role in Role:
        for actor in _credentials(home, role, afresh=operation.path.startswith("/v1/me")):
            answer = _ask(client, home, operation, entry, actor)
            tally.expect(_right(answer, entry, actor), f"{route} by {role} ({actor.kind})", answer)
    assert tally.wrong[before:] == []


def _credentials(home: Organisation, role: Role, *, afresh: bool) -> list[Actor]:
    """The same person by key and by sign-in; `afresh` where they end or change what is their own."""
    actor = home.person(role) if afresh else home.people[role]
    return [home.key(actor) if afresh else home.keys[role], actor]


def _right(answer: Answer, entry: Entry, actor: Actor) -> bool:
    if entry.needs == OPEN:
        return answer.status in entry.ok
    if entry.needs == AGENT:
        return answer.status == 401
    if entry.needs == SIGNED_IN or actor.may(entry.needs):
        return answer.status in entry.ok
    return answer.status == 403 and answer.json.get("permission") == entry.needs


@pytest.mark.feature("A missing, expired, revoked or foreign credential opens nothing")
@pytest.mark.parametrize("route", sorted(TABLE))
def test_no_good_credential(
    route: str, operations: dict[str, Operation], home: Organisation, client: LambdaClient, tally: Tally
) -> None:
    entry, operation = TABLE[route], operations[route]
    owner = home.owner
    bad = {
        "nothing": "",
        "nonsense": "nonsense",
        "expired": home.expired(owner),
        "revoked sign-in": home.revoked(Role.OWNER),
        "revoked key": _revoked_key(home),
        "key of nobody": _altered(home.key(owner).token),
    }
    before = len(tally.wrong)
    for name, token in bad.items():
        actor = Actor(Role.OWNER, owner.user_id, token)
        answer = _ask(client, home, operation, entry, actor, made_by=owner)
        right = answer.status in entry.ok if entry.needs == OPEN else answer.status == 401
        tally.expect(right, f"{route} with {name}", answer)
    assert tally.wrong[before:] == []


@pytest.mark.feature("A foreign id is answered like one that never was, in every position")
@pytest.mark.parametrize("route", [each for each in sorted(TABLE) if TABLE[each].needs not in (OPEN, AGENT)])
def test_foreign_ids(
    route: str,
    operations: dict[str, Operation],
    home: Organisation,
    abroad: Organisation,
    client: LambdaClient,
    tally: Tally,
) -> None:
    entry, operation = TABLE[route], operations[route]
    before = len(tally.wrong)
    for where, path in _positions(operation):
        kind = KIND_OF[path[-1]]
        answers = [
            _ask_with(client, home, operation, entry, where, path, identifier)
            for identifier in (abroad.made[kind][0], new_id(PREFIX[kind]))  # type: ignore[arg-type]
        ]
        foreign, unknown = answers
        alike = (foreign.status, _anonymous(foreign)) == (unknown.status, _anonymous(unknown))
        refused = foreign.status in (404, 422) or (where == "query" and foreign.status == 200)
        case = f"{route} with a foreign {where} {'.'.join(path)}"
        tally.expect(alike and refused, f"{case} ({unknown.status} for an unknown one)", foreign)
        tally.expect(not _leaks(foreign, abroad, but=abroad.made[kind][0]), f"{case} leaks", foreign)
    answer = _ask(client, home, operation, entry, home.person(Role.OWNER))
    tally.expect(not _leaks(answer, abroad), f"{route} shows what is another's", answer)
    assert tally.wrong[before:] == []


def test_nothing_abroad_was_changed(abroad: Organisation) -> None:
    """After all of the above, everything that was named from outside is still there and still as it was."""
    for kind, path in {
        "template": "/v1/templates/",
        "session": "/v1/sessions/",
        "controller": "/v1/controllers/",
        "user": "/v1/users/",
        "group": "/v1/groups/",
    }.items():
        found = abroad.call("GET", path + abroad.made[kind][0])
        assert found["id"] == abroad.made[kind][0]
    session = abroad.call("GET", f"/v1/sessions/{abroad.made['session'][0]}")
    assert session["desired_state"] == "running"
    assert abroad.call("GET", f"/v1/groups/{abroad.made['group'][0]}/members")["items"] == []
    states = {each["id"]: each["state"] for each in abroad.call("GET", "/v1/invitations")["items"]}
    assert states[abroad.made["invitation"][0]] == "pending"


def _positions(operation: Operation) -> list[tuple[str, tuple[str, ...]]]:
    return [
        *(("path", (name,)) for name in in_path(operation) if name in KIND_OF),
        *(("body", path) for path in in_model(operation.body)),
        *(("query", path) for path in in_model(operation.query)),
    ]


def test_every_id_field_has_a_kind(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        if TABLE[name].needs not in (AGENT, OPEN):
            for _where, path in [*_positions(operation), *(("path", (p,)) for p in in_path(operation))]:
                assert path[-1] in KIND_OF, f"{name}: what does {'.'.join(path)} name?"


def _ask(
    client: LambdaClient,
    home: Organisation,
    operation: Operation,
    entry: Entry,
    actor: Actor,
    *,
    made_by: Actor | None = None,
) -> Answer:
    """A valid request with fresh ids everywhere; who is refused anyhow is so whatever the request says."""
    by = made_by or actor
    if made_by is not None or not (entry.needs == SIGNED_IN or entry.needs == OPEN or actor.may(entry.needs)):
        body = {} if entry.body and entry.needs != OPEN else entry.body and entry.body(home, by)
        return _send(client, operation, {}, body, None, actor.token)
    ids = {name: home.make(KIND_OF[name], by) for name in in_path(operation) if name in KIND_OF}
    body = entry.body(home, by) if entry.body else None
    query = entry.query(home, by) if entry.query else None
    return _send(client, operation, ids, body, query, actor.token)


def _ask_with(
    client: LambdaClient,
    home: Organisation,
    operation: Operation,
    entry: Entry,
    where: str,
    path: tuple[str, ...],
    identifier: str,
) -> Answer:
    """A valid request but for one id."""
    owner = home.owner
    ids = {
        name: identifier if (where, (name,)) == ("path", path) else home.make(KIND_OF[name], owner)
        for name in in_path(operation)
    }
    body = entry.body(home, owner) if entry.body else None
    query = entry.query(home, owner) if entry.query else {}
    if where == "body":
        body = placed(body or {}, path, identifier)
    if where == "query":
        query = placed(query, path, identifier)
    return _send(client, operation, ids, body, query, owner.token)


def _send(
    client: LambdaClient,
    operation: Operation,
    ids: dict[str, str],
    body: Any,
    query: Any,
    token: str,
) -> Answer:
    path = operation.path.replace("{scope}", "tenant").replace("{command_id}", new_id("cmd"))
    for name in operation.parameters:
        path = path.replace(f"{{{name}}}", ids.get(name, new_id("ses")))
    # Limits on attempts are by address, and not what this is about.
    address = f"10.{next(_serial) % 250}.{next(_serial) % 250}.1"
    return client(operation.method, path, body, token=token or None, query=query or None, source_ip=address)


def _anonymous(answer: Answer) -> str:
    """The answer with every id (and the request's own marks) struck out."""
    return re.sub(r'"(request_id|instance)":"[^"]*"', "", _ID.sub("<id>", answer.text))


def _leaks(answer: Answer, abroad: Organisation, but: str = "") -> set[str]:
    text = answer.text
    if '"outcome"' in text:
        # The audit log repeats what its own people asked for in vain.
        items = json.loads(text)["items"]
        text = json.dumps([each for each in items if each["outcome"] == "succeeded"])
    return {each for each in abroad.ids - {but} if each in text}


def _revoked_key(home: Organisation) -> str:
    owner = home.owner
    made = home.call("POST", "/v1/api-keys", {"name": "short-lived", "scopes": ["sessions:read"]}, by=owner)
    home.call("DELETE", f"/v1/api-keys/{made['id']}", by=owner)
    return str(made["key"])


def _altered(key: str) -> str:
    return key[:-4] + ("aaaa" if not key.endswith("aaaa") else "bbbb")
