"""Deleting an organisation leaves nothing of it."""

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from infra.tables import models
from tests.functional.conftest import PASSWORD, make_tenant
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import LambdaClient, _Context
from tests.support.leftovers import Traces, of_tenant, queues
from tests.support.maintenance import pause

UNRELATED = {"nonces", "sign-in-attempts", "used-links"}
"""Tables whose rows name no tenant and nothing of one: digests, which expire."""
LOGO = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\1" * 400).decode()


@dataclass
class Household:
    """A tenant with a bit of everything."""

    desk: Desk
    owner: str
    key: str
    token: str
    running: str
    ended: str

    @property
    def tenant(self) -> Any:
        return self.desk.tenant


def furnish(app: Any, client: LambdaClient, tenant: Any, owner: str, works: Any) -> Household:
    desk = Desk.ready(app, client, tenant)

    def ask(method: str, path: str, body: Any = None, token: str = tenant.admin) -> Any:
        answer = client(method, path, body, token=token)
        assert answer.status < 300, (path, answer.text)
        return answer.json if answer.text else None

    ask("PATCH", "/v1/tenant", {"branding": {"logo": LOGO, "accent": "#336699"}})
    group = ask("POST", "/v1/groups", {"name": "Designers"})
    ask("PUT", f"/v1/groups/{group['id']}/members/{tenant.member_id}")
    ask("POST", "/v1/invitations", {"email": f"new@{tenant.slug}.example", "role": "member"})
    key = ask("POST", "/v1/api-keys", {"name": "ci", "scopes": ["sessions:read"]}, tenant.member)
    ask("POST", "/v1/service-accounts", {"name": "builder", "role": "member"})
    for subject in ("tenant", "user-default", f"users/{tenant.member_id}", f"groups/{group['id']}"):
        ask("PUT", f"/v1/quotas/{subject}", {"limits": {"sessions": 50}})
    running, asleep, ended = (desk.launch(name=name)["id"] for name in ("on", "asleep", "ended"))
    for session_id in (running, asleep, ended):
        desk.carry_out(session_id)
    desk.do(asleep, "hibernate")
    desk.carry_out(asleep)
    desk.delete(ended)
    desk.carry_out(ended)
    app.uow.commit(app.sessions.store.archive(desk.stored(ended)))
    failed = desk.launch(name="failed")["id"]
    desk.carry_out(failed, "failed", code="pull_failed", message="no such image")
    key_header = {"idempotency-key": "once"}
    assert desk.create(headers=key_header, name="starting").status == 201
    assert desk.create(name="pending", resources={"cpu": "4000m", "memory": "900Gi"}).status == 201
    desk.agent.beat()
    desk.inventory((running, 7, "running"))
    gone = FakeAgent.online(client, tenant.admin)
    assert client("DELETE", f"/v1/controllers/{gone.controller_id}", token=tenant.admin).status == 204
    FakeAgent.enrolled(client, tenant.admin)
    token = enrollment_token(client, tenant.admin)
    app.audit.sealer.seal(tenant.id)
    ask("POST", "/v1/audit/exports", {})
    export = ask("POST", "/v1/tenant/exports", token=owner)
    works.finish(tenant.id, export["id"])
    socket(app, client, tenant)
    deliver(tenant.id, "sessions", app.sessions_changed)
    deliver(tenant.id, "controllers", app.controllers_changed)
    return Household(desk, owner, key["key"], token, running, ended)


def socket(app: Any, client: LambdaClient, tenant: Any) -> None:
    """An event WebSocket of the member's that nobody answers any more."""
    ticket = client("POST", "/v1/events/ticket", token=tenant.member).json["ticket"]
    context = {"connectionId": f"at-{tenant.slug}", "domainName": "x.invalid", "stage": "a", "apiId": "x"}
    app.event_socket_opened({"requestContext": context}, _Context())
    said = json.dumps({"type": "authenticate", "ticket": ticket})
    app.event_socket_said({"requestContext": context, "body": said}, _Context())
    assert app.connection_store.of_tenant(tenant.id)


def deliver(tenant_id: str, table: str, handler: Any) -> None:
    """All that a table's stream tells of a tenant, once more."""
    streams, name = boto3.client("dynamodbstreams"), f"streamspace-{table}"
    arn = boto3.client("dynamodb").describe_table(TableName=name)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**start)["ShardIterator"]
    found: list[dict[str, Any]] = []
    while iterator:
        answer = streams.get_records(ShardIterator=iterator, Limit=1000)
        if not answer["Records"]:
            break
        found += [each for each in answer["Records"] if tenant_id in str(each["dynamodb"]["Keys"])]
        iterator = answer.get("NextShardIterator")
    assert found, "it tells of something"
    for each in found:
        each["dynamodb"]["ApproximateCreationDateTime"] = 0
        each["eventSourceARN"] = arn
    handler({"Records": found}, _Context())


def ask_deletion(client: LambdaClient, house: Household) -> None:
    asked = {"slug": house.tenant.slug, "password": PASSWORD}
    answer = client("POST", "/v1/tenant/deletion", asked, token=house.owner)
    assert answer.status == 202, answer.text


@pytest.fixture
def house(control_plane: Any, client: LambdaClient, tenant: Any, owner: str, works: Any) -> Household:
    return furnish(control_plane, client, tenant, owner, works)


@pytest.mark.feature(
    "Deleting an organisation leaves no row, file, queue or key of it, and nobody else notices"
)
def test_nothing_is_left(
    control_plane: Any, client: LambdaClient, house: Household, works: Any, mailbox: Any
) -> None:
    tenant = house.tenant
    neighbour = make_tenant(control_plane, client)
    furnished = Desk.ready(control_plane, client, neighbour)
    furnished.launch()
    traces = Traces.of(tenant.id, tenant.slug, foreign=(neighbour.id,))
    assert len(traces.left()) > 80, "the sweep sees what is there"
    assert len({name[:3] for name in traces.names if "-" in name}) > 8
    missing = {each.Meta.table_name.removeprefix("streamspace-") for each in models()} - {
        each.removeprefix("streamspace-") for each in traces.tables()
    }
    assert missing == UNRELATED, "a new table needs rows in `furnish`, so that its removal is proved"
    theirs = of_tenant(neighbour.id)
    house.desk.messages()

    ask_deletion(client, house)
    works.worker.sweep()
    ended = house.desk.agent.obey()
    assert house.running in {each["session_id"] for each in ended}
    assert all(each["kind"] == "terminate" and each["delete_home"] for each in ended)
    assert works.finish(tenant.id, "deletion") is None
    mailbox.deliver()

    assert traces.left() == []
    assert of_tenant(neighbour.id) == theirs
    assert client("GET", "/v1/sessions", token=neighbour.member).status == 200
    # What the tables' streams still tell of it, late, brings nothing back.
    deliver(tenant.id, "sessions", control_plane.sessions_changed)
    deliver(tenant.id, "controllers", control_plane.controllers_changed)
    deliver(tenant.id, "audit", control_plane.audit_changed)
    deliver(tenant.id, "offboarding-jobs", control_plane.departures_changed)
    control_plane.audit.sweep()
    letters = mailbox.letters(f"owner@{tenant.slug}.example")
    assert [str(each["Subject"]).endswith(" has been deleted") for each in letters] == [True]
    assert house.desk.agent.beat().json["code"] == "agent_revoked"
    assert enroll(client, house.token).json["code"] == "enrollment_token_unknown"
    for shown in (house.owner, tenant.member, house.key):
        assert client("GET", "/v1/me", token=shown).status == 401
    login = client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD})
    assert (login.status, login.json["code"]) == (401, "wrong_credentials")
    assert traces.left() == []
    assert control_plane.tenancy.create(tenant.slug, "Somebody else's").slug == tenant.slug


def test_each_capability_removes_its_own(control_plane: Any, house: Household) -> None:
    """Without any one of them, something would be left: the test above would find it."""
    traces = Traces.of(house.tenant.id, house.tenant.slug)
    before = len(traces.left())
    for capability in control_plane.leaving:
        while not capability.erase(house.tenant.id):
            pass
        after = len(traces.left())
        assert after < before, f"{type(capability).__name__} removed nothing that is seen"
        before = after


@pytest.mark.feature(
    "From the moment a deletion is asked for, every credential of the organisation is refused"
)
def test_refused_from_the_next_request_on(
    control_plane: Any, client: LambdaClient, house: Household, works: Any
) -> None:
    ask_deletion(client, house)
    for shown in (house.owner, house.tenant.admin, house.tenant.member, house.key):
        assert client("GET", "/v1/sessions", token=shown).status in (401, 403)
    login = client("POST", "/v1/auth/login", {"email": house.tenant.member_email, "password": PASSWORD})
    assert login.status in (401, 403)
    refused = enroll(client, house.token)
    assert (refused.status, refused.json["code"]) == (403, "tenant_suspended")
    assert house.desk.agent.beat().status == 200, "the agent still has things to remove"
    works.worker.sweep()
    assert control_plane.connection_store.of_tenant(house.tenant.id) == []


def test_a_pause_keeps_nothing_on_its_machine(client: LambdaClient, house: Household, works: Any) -> None:
    pause(house.desk)
    ask_deletion(client, house)
    house.desk.messages()
    works.worker.sweep()
    assert house.running in {each["session_id"] for each in house.desk.agent.obey()}


def test_homes_that_ended_sessions_left_go_too(
    control_plane: Any, client: LambdaClient, house: Household, works: Any
) -> None:
    desk, timings = house.desk, control_plane.timings
    assert desk.inventory(homes=(house.ended,), after=60).actions == (), "it was to be kept"
    ask_deletion(client, house)
    desk.messages()
    works.worker.sweep()
    for session in control_plane.sessions.store.all_of(house.tenant.id):
        control_plane.uow.commit([control_plane.sessions.store.archive(session)[0]])
    works.clock.forward(timings.deletion_settling + 1)
    works.worker.sweep()
    assert control_plane.job_store.get(house.tenant.id, "deletion").place["phase"] == "ending"
    [action] = desk.inventory(homes=(house.ended,), after=120).actions
    assert (action.remedy, action.session_id, action.delete_home) == ("remove", house.ended, True)
    works.clock.forward(timings.inventory + 2 * timings.lease_margin)
    works.worker.sweep()
    job = control_plane.job_store.get(house.tenant.id, "deletion")
    assert job is None or job.place["phase"] != "ending"


def test_agents_that_never_come_back_hold_it_up_for_the_grace_only(
    control_plane: Any, client: LambdaClient, house: Household, works: Any, mailbox: Any
) -> None:
    tenant, grace = house.tenant, control_plane.timings.deletion_grace
    traces = Traces.of(tenant.id, tenant.slug)
    ask_deletion(client, house)
    works.worker.sweep()
    works.clock.forward(grace - 30)
    works.worker.advance(tenant.id, "deletion")
    assert control_plane.job_store.get(tenant.id, "deletion").place["phase"] == "ending"
    assert control_plane.controllers.candidates(tenant.id)
    works.clock.forward(60)
    assert works.finish(tenant.id, "deletion") is None
    mailbox.deliver()
    assert traces.left() == []


def test_what_comes_in_between_is_swept_up(
    control_plane: Any, client: LambdaClient, house: Household, works: Any, mailbox: Any
) -> None:
    """Requests that were let in before are carried out while rows go."""
    tenant = house.tenant
    traces = Traces.of(tenant.id, tenant.slug)
    session = house.desk.stored(house.running)
    ask_deletion(client, house)
    works.clock.forward(control_plane.timings.deletion_grace + 1)
    for _ in range(100):
        works.worker.advance(tenant.id, "deletion")
        job = control_plane.job_store.get(tenant.id, "deletion")
        if job.place["phase"] == "settling":
            break
    queue = control_plane.queues.ensure(session.controller_id)
    control_plane.uow.commit([control_plane.sessions.store.add(session)])
    assert queue.rsplit("/", 1)[1] in queues()
    assert works.finish(tenant.id, "deletion") is None
    mailbox.deliver()
    assert traces.left() == []


class _Faltering:
    """Does a capability's work, and dies before it can say so; every time it is asked for the first time."""

    def __init__(self, capability: Any) -> None:
        self._capability = capability
        self._died = 0

    def erase(self, tenant_id: str) -> bool:
        done: bool = self._capability.erase(tenant_id)
        self._died += 1
        if self._died % 2:
            raise RuntimeError("the process died here")
        return done


@pytest.mark.feature("A deletion goes on where it was interrupted, whatever died on the way")
def test_a_death_at_any_step_delays_it(
    control_plane: Any, client: LambdaClient, house: Household, works: Any, mailbox: Any
) -> None:
    tenant = house.tenant
    traces = Traces.of(tenant.id, tenant.slug)
    ask_deletion(client, house)
    dying = replace(
        control_plane.deletion,
        clock=works.clock,
        capabilities=[_Faltering(each) for each in control_plane.leaving],
    )
    works.worker = replace(works.worker, work_of=lambda _: dying)
    works.clock.forward(control_plane.timings.deletion_grace + 1)
    assert works.finish(tenant.id, "deletion") is None
    mailbox.deliver()
    assert traces.left() == []
