"""Importing the original's manifests through the API."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from chalicelib.core.unit_of_work import Write
from chalicelib.identity.service import Role, User
from chalicelib.migration.service import Wishes
from tests.support.desk import Desk

IMAGE = "registry.example/apps/browser:1"
MANIFESTS = f"""
apiVersion: stream.space/v1alpha1
kind: Session
metadata: {{name: member-browser}}
spec: {{user: member, template: web-browser, state: running, resources: {{memory: 512Mi}}}}
---
apiVersion: stream.space/v1alpha1
kind: Template
metadata: {{name: web-browser}}
spec:
  displayName: Web Browser
  baseImage: {IMAGE}
  defaultResources: {{memory: 1Gi, cpu: 500m}}
  capabilities: [Network, Audio]
---
apiVersion: stream.space/v1alpha1
kind: Template
metadata: {{name: editor}}
spec: {{displayName: Editor, baseImage: registry.example/editor, vnc: {{enabled: false}}}}
---
apiVersion: stream.space/v1alpha1
kind: Session
metadata: {{name: asleep}}
spec: {{user: admin, template: web-browser, state: hibernated}}
---
apiVersion: stream.space/v1alpha1
kind: Session
metadata: {{name: nobodys}}
spec: {{user: grace, template: web-browser, state: running}}
---
kind: Deployment
metadata: {{name: other}}
"""
ASKED: dict[str, Any] = {"manifests": MANIFESTS, "images": {IMAGE: "streamspace/firefox:dev"}}


@pytest.fixture
def desk(control_plane, client, tenant) -> Desk:
    return Desk.ready(control_plane, client, tenant)


def _outcomes(answer) -> dict[str, str]:
    assert answer.status == 200, answer.text
    return {item["name"]: item["outcome"] for item in answer.json["items"]}


@pytest.mark.feature(
    "What the original StreamSpace had is imported; a report says what could not be carried over"
)
def test_a_trial_run_says_what_would_come_of_it_and_changes_nothing(client, tenant):
    before = client("GET", "/v1/templates", token=tenant.admin).json
    answer = client("POST", "/v1/imports", ASKED, token=tenant.admin)
    assert _outcomes(answer) == {
        "member-browser": "planned",
        "web-browser": "planned",
        "editor": "skipped",
        "asleep": "skipped",
        "nobodys": "skipped",
        "other": "skipped",
    }
    by_name = {item["name"]: item for item in answer.json["items"]}
    assert "capabilities" in str(by_name["web-browser"]["notes"])
    assert "hibernated" in by_name["asleep"]["reason"]["message"]
    assert "grace" in by_name["nobodys"]["reason"]["message"]
    assert answer.json["counts"]["skipped"] == 4
    assert (answer.json["unknown_images"], answer.json["unknown_users"]) == ([], ["grace"])
    assert client("GET", "/v1/templates", token=tenant.admin).json == before
    assert client("GET", "/v1/sessions", token=tenant.admin).json["items"] == []


def test_an_import_makes_them_once_however_often_it_is_sent(client, tenant, desk):
    asked = {**ASKED, "dry_run": False, "users": {"grace": tenant.admin_email}, "start_hibernated": True}
    first = client("POST", "/v1/imports", asked, token=tenant.admin)
    done = _outcomes(first)
    assert [name for name, outcome in done.items() if outcome == "created"] == [
        "member-browser",
        "web-browser",
        "asleep",
        "nobodys",
    ]
    ids = {item["name"]: item["id"] for item in first.json["items"]}
    template = client("GET", f"/v1/templates/{ids['web-browser']}", token=tenant.member).json
    assert (template["name"], template["image"]) == ("Web Browser", "streamspace/firefox:dev")
    assert (template["enabled"], template["network"], template["clipboard_in"]) == (True, "internet", False)
    session = client("GET", f"/v1/sessions/{ids['member-browser']}", token=tenant.member).json
    assert (session["user_id"], session["template_id"]) == (tenant.member_id, ids["web-browser"])
    assert session["resources"]["memory"] == "512Mi"
    owners = client("GET", f"/v1/sessions/{ids['nobodys']}", token=tenant.admin).json["user_id"]
    assert owners == tenant.admin_id
    for _ in range(2):
        again = client("POST", "/v1/imports", asked, token=tenant.admin)
        assert {item["name"]: item["id"] for item in again.json["items"]} == ids
        assert "created" not in _outcomes(again).values()
    assert len(client("GET", "/v1/sessions", token=tenant.admin).json["items"]) == 3


def test_two_who_import_at_once_make_nothing_twice(client, tenant, desk):
    asked = {**ASKED, "dry_run": False}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client("POST", "/v1/imports", asked, token=tenant.admin), range(4)))
    for name in ("web-browser", "member-browser"):
        found = [item for answer in answers for item in answer.json["items"] if item["name"] == name]
        assert "created" in {item["outcome"] for item in found}
        assert len({item["id"] for item in found}) == 1
    assert len(client("GET", "/v1/sessions", token=tenant.admin).json["items"]) == 1


def test_an_image_that_is_not_replaced_leaves_its_template_off_and_its_sessions_out(client, tenant):
    answer = client("POST", "/v1/imports", {"manifests": MANIFESTS, "dry_run": False}, token=tenant.admin)
    assert _outcomes(answer)["web-browser"] == "created"
    by_name = {item["name"]: item for item in answer.json["items"]}
    assert "switched off" in by_name["member-browser"]["reason"]["message"]
    assert answer.json["unknown_images"] == [IMAGE]
    shown = client("GET", f"/v1/templates/{by_name['web-browser']['id']}", token=tenant.admin).json
    assert shown["enabled"] is False


def test_every_thing_made_is_in_the_audit_log_as_itself(client, tenant, desk):
    client("POST", "/v1/imports", {**ASKED, "dry_run": False}, token=tenant.admin)
    items = client("GET", "/v1/audit", token=tenant.admin).json["items"]
    made = {item["action"]: item for item in items}
    assert {"import.run", "template.import", "session.import"} <= set(made)
    assert made["template.import"]["target"]["name"] == "Web Browser"
    assert {"dry_run": "False", "created": "2", "skipped": "4"}.items() <= made["import.run"]["facts"].items()
    assert all(made[name]["actor"]["id"] == tenant.admin_id for name in ("template.import", "session.import"))


def test_strangers_and_members_learn_and_change_nothing(client, tenant, stranger, desk):
    assert client("POST", "/v1/imports", ASKED, token=tenant.member).status == 403
    client("POST", "/v1/imports", {**ASKED, "dry_run": False}, token=tenant.admin)
    theirs = client("POST", "/v1/imports", ASKED, token=stranger.admin)
    assert _outcomes(theirs)["web-browser"] == "planned"


def test_text_that_is_no_yaml_names_the_line(client, tenant):
    answer = client("POST", "/v1/imports", {"manifests": "a:\n  - [b"}, token=tenant.admin)
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "manifests"
    assert "Line" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "text", ["a: !!int ''", r'{kind: Template, metadata: {name: "\ud800"}}', "a: 1" + ":59" * 300 + ".5"]
)
def test_no_text_is_an_error_of_ours(client, tenant, text):
    whole = f"apiVersion: stream.space/v1\n{text}" if text.startswith("a") else text
    assert client("POST", "/v1/imports", {"manifests": whole}, token=tenant.admin).status in (200, 422)


@pytest.mark.parametrize(("after", "dies_at"), [(False, (0, 1)), (True, (0, 0))])
def test_an_import_that_died_goes_on_where_it_ended(tenant, desk, control_plane, monkeypatch, after, dies_at):
    """Two things are made, the template and then the session: it dies before, or after, each."""
    migration, uow = control_plane.migration, type(control_plane.catalog.uow)
    user = User(tenant.id, tenant.admin_id, Role.ADMIN)
    wishes = Wishes(dry_run=False, images=ASKED["images"])
    commit = uow.commit
    for change in dies_at:
        changes = count()

        def dying(
            self: Any, writes: list[Write], *, changes: Any = changes, last: int = change, **more: Any
        ) -> None:
            doomed = next(changes) == last
            if after or not doomed:
                commit(self, writes, **more)
            if doomed:
                raise SystemExit

        with monkeypatch.context() as broken:
            broken.setattr(uow, "commit", dying)
            with pytest.raises(SystemExit):
                migration.run(user, MANIFESTS, wishes)
    assert {each.outcome for each in migration.run(user, MANIFESTS, wishes).items} >= {"exists"}
    names = [each["name"] for each in desk.call("GET", "/v1/templates").json["items"]]
    assert names.count("Web Browser") == 1
    [session] = desk.call("GET", "/v1/sessions").json["items"]
    desk.attend(session["id"], 31)
    assert {each["session_id"] for each in desk.messages()} == {session["id"]}
    assert desk.drift() == []


def test_of_two_with_one_name_the_second_is_left_out_and_named(client, tenant, desk):
    assert (
        client("POST", "/v1/templates", {"name": "Old One", "image": "a:1"}, token=tenant.admin).status == 201
    )
    specs = {"Template": "{baseImage: 'a:1'}", "Session": "{user: member, template: old-one}"}
    text = "\n---\n".join(
        f"{{apiVersion: stream.space/v1, kind: {kind}, metadata: {{name: twin}}, spec: {spec}}}"
        for kind, spec in (*specs.items(), *specs.items())
    )
    for dry_run in (True, False, False):
        answer = client("POST", "/v1/imports", {"manifests": text, "dry_run": dry_run}, token=tenant.admin)
        first, second = answer.json["items"][:2], answer.json["items"][2:]
        assert "skipped" not in {each["outcome"] for each in first}
        assert [each["outcome"] for each in second] == ["skipped", "skipped"]
        assert all("metadata.name: Another one" in each["reason"]["message"] for each in second)


def test_a_key_for_templates_starts_no_sessions_and_learns_no_names(client, tenant, desk):
    def run(*scopes: str) -> dict[str, Any]:
        asked = {"name": "ci", "scopes": list(scopes)}
        key = client("POST", "/v1/api-keys", asked, token=tenant.admin).json["key"]
        answer = client("POST", "/v1/imports", {**ASKED, "dry_run": False}, token=key)
        assert answer.status == 200, answer.text
        return {each["name"]: each for each in answer.json["items"]}

    told = run("templates:write")
    assert told["web-browser"]["outcome"] == "created"
    assert told["member-browser"]["reason"]["message"] == "This needs the permission sessions:write."
    told = run("templates:write", "sessions:write")
    assert told["member-browser"]["reason"]["message"] == "You may start sessions for yourself only."
    assert told["nobodys"]["reason"] == told["member-browser"]["reason"]
    assert client("GET", "/v1/sessions", token=tenant.admin).json["items"] == []
    assert (
        run("templates:write", "sessions:write", "sessions:write_all")["member-browser"]["outcome"]
        == "created"
    )


def test_a_session_imported_for_somebody_says_whose_it_is_and_who_made_it(client, tenant, desk):
    answer = client("POST", "/v1/imports", {**ASKED, "dry_run": False}, token=tenant.admin)
    [made] = [each for each in answer.json["items"] if each["name"] == "member-browser"]
    [whose] = [note["message"] for note in made["notes"] if note["field"] == "spec.user"]
    assert tenant.member_email in whose
    timeline = client("GET", f"/v1/sessions/{made['id']}/timeline", token=tenant.member).json["items"]
    assert timeline[0]["actor"] == tenant.admin_id


def test_an_imported_session_counts_towards_its_owners_quota(client, tenant, desk):
    assert desk.limit(f"users/{tenant.member_id}", sessions=0).status == 200
    answer = client("POST", "/v1/imports", {**ASKED, "dry_run": False}, token=tenant.admin)
    [refused] = [each for each in answer.json["items"] if each["name"] == "member-browser"]
    assert (refused["outcome"], refused["reason"]["code"]) == ("failed", "quota_exceeded")


def test_what_was_imported_and_has_ended_may_be_imported_anew(client, tenant, desk):
    def run(**more: Any) -> dict[str, Any]:
        answer = client("POST", "/v1/imports", {**ASKED, "dry_run": False, **more}, token=tenant.admin)
        return next(each for each in answer.json["items"] if each["name"] == "member-browser")

    changed = {"manifests": MANIFESTS.replace("512Mi", "256Mi")}
    made = []
    for more in ({}, {}, changed, {}):
        item = run(**more)
        assert item["outcome"] == "created", item
        made.append(item["id"])
        assert run(**more)["id"] == item["id"]
        assert desk.delete(item["id"]).status == 202
        assert desk.view(item["id"])["state"] == "terminated"
    assert len(set(made)) == 4
