"""Messages that are late, repeated or never come, and processes that die in between."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.sessions.service import SessionService
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


class Died(BaseException):
    """The process is gone: nothing after this line runs."""


class DiesAt:
    """A unit of work after, or before, whose n-th commit the process dies."""

    def __init__(self, inner: UnitOfWork, *, commits: int, after: bool) -> None:
        self._inner, self._left, self._after = inner, commits, after

    def commit(self, writes: Any, *, token: str | None = None) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Died
        self._inner.commit(writes, token=token)
        if self._left == 0:
            raise Died


def dying(desk: Desk, *, commits: int = 1, after: bool = True) -> SessionService:
    service: SessionService = desk.app.sessions
    return replace(service, uow=DiesAt(service.uow, commits=commits, after=after))


def member(desk: Desk) -> Any:
    from chalicelib.identity.service import Role, User

    return User(desk.tenant.id, desk.tenant.member_id, Role.MEMBER, "signin")


@pytest.mark.feature("A command whose message was never sent is sent by the sweeper")
def test_dying_between_commit_and_send_loses_nothing(desk: Desk) -> None:
    from chalicelib.sessions.service import NewSession

    with pytest.raises(Died):
        dying(desk).creation.create(member(desk), NewSession(desk.template_id), "key")
    assert desk.messages() == []
    [session] = desk.call("GET", "/v1/sessions").json["items"]
    assert session["state"] == "starting"
    again = desk.create(headers={"Idempotency-Key": "key"})
    assert again.json["id"] == session["id"]
    desk.attend(session["id"], 31)
    [message] = desk.messages()
    assert message["command_id"] == desk.command(session["id"])
    desk.carry_out(session["id"])
    assert desk.drift() == []


def test_dying_before_the_commit_leaves_nothing(desk: Desk) -> None:
    from chalicelib.sessions.service import NewSession

    with pytest.raises(Died):
        dying(desk, after=False).creation.create(member(desk), NewSession(desk.template_id))
    assert desk.call("GET", "/v1/sessions").json["items"] == []
    assert desk.messages() == []
    assert desk.drift() == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("action", ["hibernate", "terminate"])
def test_dying_around_the_commit_of_a_change(desk: Desk, action: str, after: bool) -> None:
    session_id = desk.running()
    desk.messages()
    broken = dying(desk, after=after).lifecycle
    user = member(desk)
    act = partial(broken.terminate, delete_home=False) if action == "terminate" else broken.hibernate
    with pytest.raises(Died):
        act(user, session_id)
    assert desk.messages() == []
    if not after:
        assert desk.view(session_id)["state"] == "running"
        return
    desk.attend(session_id, 31)
    assert len(desk.messages()) == 1
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] in ("hibernated", "terminated")
    assert desk.drift() == []


def test_an_agent_that_saw_no_answer_to_its_claim_or_result_repeats_it(desk: Desk) -> None:
    from chalicelib.controllers.service import AgentCaller
    from chalicelib.protocol.commands import ClaimRequest, Outcome, ResultReport

    session_id = desk.launch()["id"]
    command_id, epoch = desk.command(session_id), desk.agent.epoch
    caller = AgentCaller(desk.tenant.id, desk.agent.controller_id, desk.agent.enrolment["agent_id"], "key")
    with pytest.raises(Died):
        dying(desk).reports.claim(caller, command_id, ClaimRequest(epoch=epoch, claim_id="mine"))
    grant = desk.claim(command_id, "mine").json
    assert grant["fence"] == 1
    report = ResultReport(epoch=epoch, fence=1, sequence=1, outcome=Outcome.SUCCEEDED)
    with pytest.raises(Died):
        dying(desk).reports.result(caller, command_id, report)
    assert desk.result(command_id, 1).status == 200
    assert desk.view(session_id)["state"] == "running"
    assert [each[1] for each in desk.timeline(session_id)] == ["starting", "running"]


def test_a_queue_that_does_not_answer_fails_no_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.controllers.service import QueueError

    def refuse(controller_id: str, body: str) -> None:
        raise QueueError("no such host")

    with monkeypatch.context() as broken:
        broken.setattr(desk.app.queues, "send", refuse)
        session_id = desk.launch()["id"]
    assert desk.messages() == []
    desk.attend(session_id, 31)
    assert len(desk.messages()) == 1


def test_a_message_that_comes_twice_or_too_late_changes_nothing(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    [message] = desk.messages()
    desk.carry_out(session_id)
    assert desk.claim(message["command_id"]).json["code"] == "command_finished"
    assert desk.view(session_id)["state"] == "running"


@pytest.mark.feature("A claimed command whose agent went silent is offered again")
def test_a_lease_that_ran_out_is_offered_again(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.claimed(session_id)
    desk.messages()
    desk.attend(session_id, 60)
    assert desk.messages() == []
    desk.attend(session_id, 121)
    assert len(desk.messages()) == 1


@pytest.mark.feature("A command past its deadline fails with a reason")
def test_a_start_past_its_deadline_fails(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    desk.attend(session_id, 901)
    failed = desk.view(session_id)
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "deadline_exceeded")
    assert desk.used()["sessions"] == 0
    assert desk.drift() == []
    assert desk.renew(command_id, fence).json["code"] == "command_superseded"
    assert desk.result(command_id, fence).status == 200
    assert desk.view(session_id)["state"] == "failed"


@pytest.mark.feature("A start that a lost controller did not take is placed elsewhere")
def test_an_unclaimed_start_moves_to_another_controller(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.launch(controller_id=None)["id"]
    first = desk.command(session_id)
    assert desk.view(session_id)["controller_id"] == desk.agent.controller_id
    other = FakeAgent.online(client, desk.tenant.admin)
    desk.attend(session_id, 31)
    desk.messages()
    desk.attend(session_id, 62)
    moved = desk.view(session_id)
    assert (moved["state"], moved["controller_id"]) == ("starting", other.controller_id)
    assert desk.claim(first).json["code"] == "command_superseded"
    assert desk.claim(desk.command(session_id), agent=other).status == 200
    assert desk.timeline(session_id)[-1] == ("starting", "starting", "moved")
    lost = desk.call("GET", f"/v1/controllers/{desk.agent.controller_id}", token=desk.tenant.admin).json
    assert lost["state"] == "lost"
    assert desk.drift() == []


def test_without_another_controller_a_start_waits_and_says_so(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.attend(session_id, 31)
    desk.attend(session_id, 62)
    shown = desk.view(session_id)
    assert (shown["state"], shown["reason"]["code"]) == ("starting", "controller_lost")
    desk.carry_out(session_id)
    running = desk.view(session_id)
    assert (running["state"], running["reason"]) == ("running", None)


@pytest.mark.feature("Deleting a session whose controller is lost says what it waits for")
def test_a_termination_waits_for_a_lost_controller_and_says_so(desk: Desk) -> None:
    session_id = desk.running()
    far = 7 * 86400
    service = desk.later(3600)
    ended = service.lifecycle.terminate(member(desk), session_id, delete_home=False)
    assert ended.reason is not None
    assert ended.reason.code == "controller_lost"
    desk.messages()
    desk.attend(session_id, far)
    assert desk.view(session_id)["state"] == "terminating"
    assert len(desk.messages()) == 1
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "terminated"
    assert desk.drift() == []


def test_a_sweeper_that_was_away_blames_nobody(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    desk.attend(session_id, 600)
    assert len(desk.messages()) == 1
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is None


def test_one_run_attends_to_everything_that_is_due(desk: Desk) -> None:
    made = [desk.launch()["id"] for _ in range(4)]
    desk.delete(made[0])
    desk.messages()
    swept = desk.later(40).sweep()
    assert swept.looked_at >= 4
    assert {each["session_id"] for each in desk.messages()} == set(made[1:])
    later = [desk.stored(each) for each in made[1:]]
    assert all(each.due_at is not None for each in later)
    assert desk.app.sessions.store.several(desk.tenant.id, [made[0]]) == {}


def test_a_started_session_is_not_due_any_more(desk: Desk) -> None:
    session_id = desk.running()
    assert desk.stored(session_id).due_at is None


def test_a_session_whose_controller_is_gone_can_still_be_ended(desk: Desk) -> None:
    ended, ending = desk.running(), desk.running()
    for session_id in (ended, ending):
        fence = desk.stored(session_id).lane.fence
        desk.status(session_id, fence, ended={"code": "instance_exited", "message": "It ended."})
    desk.delete(ending)
    path = f"/v1/controllers/{desk.agent.controller_id}"
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    refused = desk.do(ended, "wake")
    assert (refused.status, refused.json["code"]) == (409, "home_gone")
    assert desk.delete(ended).json["state"] == "terminated"
    assert desk.view(ending)["state"] == "terminating"
    desk.attend(ending, 31)
    shown = desk.view(ending)
    assert (shown["state"], shown["reason"]["code"]) == ("terminated", "controller_removed")
    assert desk.drift() == []
