"""Importing the original's manifests through the API."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

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
