"""All of an organisation's data as one file."""

import gzip
import json
import urllib.request
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.functional.conftest import PASSWORD
from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


def _lines(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return [json.loads(line) for line in gzip.decompress(answer.read()).splitlines()]


@pytest.mark.feature("An owner exports all of the organisation's data as JSON lines")
def test_everything_is_told_and_no_secret(
    control_plane: Any, client: LambdaClient, tenant: Any, stranger: Any, owner: str, works: Any
) -> None:
    desk = Desk.ready(control_plane, client, tenant)
    session = desk.launch(name="Mine")
    desk.carry_out(session["id"])
    other = Desk.ready(control_plane, client, stranger)
    other.launch()
    client("POST", "/v1/groups", {"name": "Designers"}, token=tenant.admin)
    client("POST", "/v1/invitations", {"email": "new@acme.example", "role": "member"}, token=tenant.admin)
    body = {"name": "ci", "scopes": ["sessions:read"]}
    key = client("POST", "/v1/api-keys", body, token=tenant.member)
    assert key.status == 201, key.text
    started = client("POST", "/v1/tenant/exports", token=owner)
    assert (started.status, started.json["state"], started.json["url"]) == (202, "running", None)
    again = client("POST", "/v1/tenant/exports", token=owner)
    assert (again.status, again.json["id"]) == (202, started.json["id"]), "one at a time"
    works.finish(tenant.id, started.json["id"])
    export = client("GET", f"/v1/tenant/exports/{started.json['id']}", token=owner).json
    assert export["state"] == "done", export
    assert client("GET", "/v1/tenant/exports", token=owner).json["items"][0]["id"] == export["id"]
    lines = _lines(export["url"])
    assert lines[0]["kind"] == "export"
    assert lines[0]["data"]["slug"] == tenant.slug
    assert lines[-1] == {"kind": "end", "data": {"documents": len(lines) - 1}}
    assert export["progress"] == {"done": len(lines) - 1, "total": len(lines) - 1}
    kinds = Counter(line["kind"] for line in lines)
    assert kinds["user"] == 3
    for kind in ("tenant", "template", "controller", "agent", "session", "group", "invitation"):
        assert kinds[kind] == 1, (kind, kinds)
    told = next(line["data"] for line in lines if line["kind"] == "session")
    assert told["id"] == session["id"]
    assert [step["to"] for step in told["timeline"]] == ["starting", "running"]
    text = json.dumps(lines)
    assert "argon2" not in text
    assert key.json["key"][-24:] not in text  # its alphabet has a "_", so no part between two is long enough
    stored = control_plane.agent_store.key(desk.agent.enrolment["key_id"])
    assert stored.public_key not in text
    assert stranger.id not in text
    assert stranger.slug not in text


def test_only_an_owner_exports(client: LambdaClient, tenant: Any, stranger: Any, owner: str) -> None:
    export = client("POST", "/v1/tenant/exports", token=owner).json
    for token in (tenant.admin, tenant.member):
        assert client("POST", "/v1/tenant/exports", token=token).status == 403
        assert client("GET", f"/v1/tenant/exports/{export['id']}", token=token).status == 403
    assert client("GET", f"/v1/tenant/exports/{export['id']}", token=stranger.admin).status == 403
    assert client("GET", "/v1/tenant/exports/deletion", token=owner).status == 404


class _Fragile:
    """A capability that fails after so many documents, until it is mended."""

    def __init__(self) -> None:
        self.broken = True

    def export(self, tenant_id: str) -> Any:
        for number in range(40):
            if self.broken and number == 30:
                raise RuntimeError("out of breath")
            yield "thing", {"number": number, "of": tenant_id}


def test_a_slice_that_dies_is_made_again(
    control_plane: Any, client: LambdaClient, tenant: Any, owner: str, works: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("chalicelib.offboarding.exporting._PART_BYTES", 200)
    fragile = _Fragile()
    work = replace(control_plane.exporting, capabilities=[fragile], clock=works.clock)
    worker = replace(works.worker, work_of=lambda _: work)
    export_id = client("POST", "/v1/tenant/exports", token=owner).json["id"]
    assert worker.advance(tenant.id, export_id)
    job = control_plane.job_store.get(tenant.id, export_id)
    assert job.running
    assert 20 < job.done <= 31, "parts were written before it failed"
    assert not worker.advance(tenant.id, export_id), "it pauses first"
    fragile.broken = False
    works.clock.forward(60)
    assert worker.advance(tenant.id, export_id)
    view = client("GET", f"/v1/tenant/exports/{export_id}", token=owner).json
    lines = _lines(view["url"])
    numbers = [line["data"]["number"] for line in lines if line["kind"] == "thing"]
    assert numbers == list(range(40))
    assert control_plane.objects.keys(f"{tenant.id}/exports/") == [
        f"{tenant.id}/exports/{export_id}/data.jsonl.gz"
    ]


def test_a_worker_that_vanishes_is_followed_by_the_sweep(
    control_plane: Any, client: LambdaClient, tenant: Any, owner: str, works: Any
) -> None:
    from chalicelib.offboarding.working import Held

    export_id = client("POST", "/v1/tenant/exports", token=owner).json["id"]
    job = control_plane.job_store.get(tenant.id, export_id)
    dead = Held(job, control_plane.job_store, control_plane.uow, works.clock, control_plane.timings)
    dead.keep()
    works.sweep()
    assert control_plane.job_store.get(tenant.id, export_id).done == 0, "somebody holds it"
    works.clock.forward(control_plane.timings.offboarding_lease + 1)
    works.sweep()
    assert client("GET", f"/v1/tenant/exports/{export_id}", token=owner).json["state"] == "done"
    from chalicelib.core.unit_of_work import ConditionFailed

    with pytest.raises(ConditionFailed):
        dead.keep()  # it comes to itself: the job is not its own any more


def test_what_never_works_is_given_up(
    control_plane: Any, client: LambdaClient, tenant: Any, owner: str, works: Any
) -> None:
    work = replace(control_plane.exporting, capabilities=[_Fragile()], clock=works.clock)
    worker = replace(works.worker, work_of=lambda _: work)
    export_id = client("POST", "/v1/tenant/exports", token=owner).json["id"]
    for _ in range(12):
        works.clock.forward(400)
        worker.advance(tenant.id, export_id)
    view = client("GET", f"/v1/tenant/exports/{export_id}", token=owner).json
    assert (view["state"], view["url"]) == ("failed", None)
    assert "out of breath" in view["reason"]
    assert client("POST", "/v1/tenant/exports", token=owner).status == 202


def test_a_change_of_the_row_starts_the_work(
    control_plane: Any, client: LambdaClient, tenant: Any, owner: str, works: Any
) -> None:
    export_id = client("POST", "/v1/tenant/exports", token=owner).json["id"]
    image = {"tenant_id": {"S": tenant.id}, "job_id": {"S": export_id}}
    records = [{"eventName": "INSERT", "dynamodb": {"NewImage": image}}] * 2
    assert works.worker.changed(records) == 1
    assert works.worker.changed(records) == 0, "it came twice"
    assert client("GET", f"/v1/tenant/exports/{export_id}", token=owner).json["state"] == "done"


def test_wrong_password_deletes_nothing(
    control_plane: Any, client: LambdaClient, tenant: Any, owner: str
) -> None:
    asked = {"slug": tenant.slug, "password": PASSWORD + "?"}
    answer = client("POST", "/v1/tenant/deletion", asked, token=owner)
    assert (answer.status, answer.json["code"]) == (403, "wrong_password")
    answer = client("POST", "/v1/tenant/deletion", {"slug": "other", "password": PASSWORD}, token=owner)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "slug")
    assert client("POST", "/v1/tenant/deletion", asked, token=tenant.admin).status == 403
    assert client("GET", "/v1/tenant", token=owner).json["state"] == "active"
