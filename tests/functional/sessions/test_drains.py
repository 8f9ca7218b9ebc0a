"""Emptying a controller: what runs there, what is on the way, what sleeps, and who asks for it meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.sessions import drains
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.service import Session
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient
from tests.support.maintenance import ask, beat, drain, pause, remaining


def entries(desk: Desk, session_id: str) -> list[Any]:
    items: list[Any] = desk.call("GET", f"/v1/sessions/{session_id}/timeline").json["items"]
    return items


def test_finish_lets_what_runs_go_on_and_takes_nothing_new(desk: Desk) -> None:
    session_id = desk.running()
    shown = drain(desk, "finish")
    assert (shown["state"], shown["drain"]["remaining"]) == ("draining", 1)
    beat(desk, 30)
    assert desk.view(session_id)["state"] == "running"
    waiting = desk.launch()
    assert (waiting["state"], waiting["reason"]["code"]) == ("pending", "draining")
    desk.do(session_id, "hibernate")
    assert remaining(desk) == 1
    desk.carry_out(session_id)
    assert remaining(desk) == 0
    ask(desk, "DELETE", "drain")
    assert desk.view(waiting["id"])["state"] == "starting"
    assert desk.drift() == []


@pytest.mark.feature("A controller is emptied: its sessions are hibernated, and say why")
def test_move_hibernates_what_runs_and_says_why(desk: Desk) -> None:
    session_id = desk.running()
    desk.messages()
    shown = drain(desk, reason="New disks")
    assert shown["drain"]["remaining"] == 1
    leaving = desk.view(session_id)
    assert (leaving["state"], leaving["desired_state"]) == ("hibernating", "hibernated")
    assert leaving["reason"]["code"] == "controller_draining"
    assert "New disks" in leaving["reason"]["message"]
    [message] = desk.messages()
    assert message["command_id"] == desk.command(session_id)

    desk.carry_out(session_id)

    asleep = desk.view(session_id)
    assert (asleep["state"], asleep["reason"]) == ("hibernated", leaving["reason"])
    assert remaining(desk) == 0
    asked, done = entries(desk, session_id)[-2:]
    assert (asked["to"], asked["actor"], asked["cause"]) == (
        "hibernating", desk.tenant.admin_id, "hibernate_requested",
    )  # fmt: skip
    assert asked["reason"]["code"] == done["reason"]["code"] == "controller_draining"
    assert desk.drift() == []


def test_what_a_drain_put_to_rest_stays_so_until_its_user_wakes_it(desk: Desk) -> None:
    session_id = desk.running()
    drain(desk)
    desk.carry_out(session_id)
    ask(desk, "DELETE", "drain")
    beat(desk, 30)
    assert desk.view(session_id)["state"] == "hibernated"
    woken = desk.do(session_id, "wake").json
    assert (woken["state"], woken["reason"], woken["incarnation"]) == ("waking", None, 1)
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "running"


@pytest.mark.parametrize("mode", ["finish", "move"])
@pytest.mark.feature("Waking a session whose home is on a drained or paused controller says why it cannot")
def test_a_home_on_a_drained_controller_waits_and_says_so(
    desk: Desk, client: LambdaClient, mode: str
) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    drain(desk, mode, reason="New disks")
    FakeAgent.online(client, desk.tenant.admin)
    half_way = desk.do(session_id, "wake")
    assert (half_way.status, half_way.json["code"]) == (409, "draining")
    desk.carry_out(session_id)
    refused = desk.do(session_id, "wake")
    assert (refused.status, refused.json["code"]) == (409, "draining")
    assert "being drained (New disks)" in refused.json["detail"]
    assert desk.view(session_id)["state"] == "hibernated"


def test_without_a_home_it_wakes_elsewhere_as_a_new_incarnation(desk: Desk, client: LambdaClient) -> None:
    template = desk.template(name="Terminal", persistent_home=False)
    session_id = desk.running(template_id=template)
    drain(desk)
    desk.carry_out(session_id)
    nowhere = desk.do(session_id, "wake")
    assert (nowhere.status, nowhere.json["code"]) == (409, "draining")
    other = FakeAgent.online(client, desk.tenant.admin)

    woken = desk.do(session_id, "wake").json

    assert (woken["controller_id"], woken["incarnation"]) == (other.controller_id, 2)
    grant = desk.claim(desk.command(session_id), agent=other).json
    assert grant["command"]["spec"]["incarnation"] == 2
    assert desk.drift() == []
    here, desk.agent = desk.agent, other
    assert desk.result(grant["command"]["command_id"], grant["fence"]).status == 200
    assert desk.view(session_id)["state"] == "running"
    desk.agent = here  # where the stopped instance is still to go from
    assert desk.inventory((session_id, 1, "stopped"), after=300).actions == ()
    [removal] = desk.inventory((session_id, 1, "stopped"), after=600).actions
    assert (removal.remedy, removal.incarnation) == ("remove", 1)


def test_finishing_binds_it_where_it_sleeps_even_without_a_home(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.running(template_id=desk.template(name="Terminal", persistent_home=False))
    desk.do(session_id, "hibernate")
    desk.carry_out(session_id)
    drain(desk, "finish")
    FakeAgent.online(client, desk.tenant.admin)
    assert desk.do(session_id, "wake").json["code"] == "draining"


@pytest.mark.feature("Starts that nobody took yet leave a drained controller at once")
def test_an_unclaimed_start_goes_elsewhere_at_once(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.launch()["id"]
    first = desk.command(session_id)
    other = FakeAgent.online(client, desk.tenant.admin)
    assert drain(desk)["drain"]["remaining"] == 0
    moved = desk.view(session_id)
    assert (moved["state"], moved["controller_id"]) == ("starting", other.controller_id)
    assert desk.claim(first).json["code"] == "command_superseded"
    assert desk.claim(desk.command(session_id), agent=other).status == 200
    assert desk.timeline(session_id)[-1] == ("starting", "starting", "moved")
    verdicts = desk.call("GET", f"/v1/sessions/{session_id}/placement").json["verdicts"]
    assert {each["controller_id"]: [why["code"] for why in each["reasons"]] for each in verdicts} == {
        desk.agent.controller_id: ["draining"],
        other.controller_id: [],
    }
    assert desk.drift() == []


def test_the_only_controller_gives_an_unclaimed_start_back_to_those_that_wait(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    old = desk.command(session_id)
    assert drain(desk)["drain"]["remaining"] == 0
    waiting = desk.view(session_id)
    assert (waiting["state"], waiting["controller_id"]) == ("pending", None)
    assert waiting["reason"]["code"] == "draining"
    assert desk.timeline(session_id)[-1] == ("starting", "pending", "unplaced")
    assert desk.claim(old).json["code"] == "command_superseded"
    assert desk.booked()["sessions"] == 0
    assert desk.drift() == []
    beat(desk, 30)
    assert desk.view(session_id)["state"] == "pending"

    ask(desk, "DELETE", "drain")

    placed = desk.view(session_id)
    assert (placed["state"], placed["controller_id"]) == ("starting", desk.agent.controller_id)
    assert desk.claim(old).json["code"] == "command_superseded"
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "running"
    assert desk.drift() == []


def test_a_start_that_is_under_way_comes_to_its_end_first(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    assert drain(desk)["drain"]["remaining"] == 1
    assert desk.view(session_id)["state"] == "starting"
    assert desk.result(command_id, fence).status == 200
    assert desk.view(session_id)["state"] == "running"
    assert desk.agent.beat().status == 200
    assert desk.view(session_id)["state"] == "hibernating"
    desk.carry_out(session_id)
    assert remaining(desk) == 0


def test_one_that_was_waking_is_put_to_rest_once_it_runs(desk: Desk) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    desk.carry_out(session_id)
    desk.do(session_id, "wake")
    assert drain(desk)["drain"]["remaining"] == 1
    assert desk.view(session_id)["state"] == "waking"
    desk.carry_out(session_id)
    desk.agent.beat()
    assert desk.view(session_id)["state"] == "hibernating"


@pytest.mark.feature("A drain goes on with the next heartbeat, whatever died on the way")
def test_a_drain_whose_request_died_goes_on_with_the_next_heartbeat(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = desk.running()

    def die(tenant_id: str, controller_id: str) -> None:
        raise KeyboardInterrupt  # the process is gone

    from chalicelib.controllers.service import DrainMode

    dying = replace(desk.app.maintenance, on_drain=die)
    where = (desk.tenant.id, desk.agent.controller_id)
    with pytest.raises(KeyboardInterrupt):
        dying.drain(*where, DrainMode.MOVE, by=desk.tenant.admin_id, reason=None)
    assert desk.view(session_id)["state"] == "running"
    assert desk.agent.beat().status == 200
    leaving = entries(desk, session_id)[-1]
    assert (leaving["to"], leaving["actor"]) == ("hibernating", desk.tenant.admin_id)


def test_a_drain_goes_slice_by_slice_and_asks_nobody_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "_AT_ONCE", 2)
    made = [desk.running() for _ in range(5)]
    drain(desk)
    counts = []
    for _ in range(4):
        counts.append(sum(desk.view(each)["state"] == "hibernating" for each in made))
        desk.agent.beat()
    assert counts == [2, 4, 5, 5]
    for each in made:
        desk.carry_out(each)
        asked = [entry for entry in desk.timeline(each) if entry[2] == "hibernate_requested"]
        assert len(asked) == 1
    assert remaining(desk) == 0
    assert desk.drift() == []


@pytest.mark.feature("A drained controller that is lost is emptied when it comes back")
def test_nothing_is_asked_of_a_controller_that_is_lost(desk: Desk, client: LambdaClient) -> None:
    runs, begun = desk.running(), desk.launch()["id"]
    desk.app.controllers.mark_unclaimed(desk.tenant.id, desk.agent.controller_id)
    other = FakeAgent.online(client, desk.tenant.admin)
    shown = drain(desk)
    assert (shown["state"], shown["drain"]["remaining"]) == ("lost", 1)
    assert desk.view(runs)["state"] == "running"
    assert desk.view(begun)["controller_id"] == other.controller_id
    desk.agent.beat()
    assert desk.view(runs)["state"] == "running", "its agent does not claim"
    desk.agent.boot()
    desk.agent.beat()
    assert desk.view(runs)["state"] == "hibernating"


def test_the_sweeper_moves_starts_that_the_request_did_not_come_to(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.launch()["id"]
    other = FakeAgent.online(client, desk.tenant.admin)
    store = desk.app.controllers.store
    from chalicelib.controllers.service import Drain, DrainMode
    from chalicelib.core.clock import utc_now

    put = store.set_drain(
        desk.tenant.id, desk.agent.controller_id, Drain(DrainMode.MOVE, utc_now(), desk.tenant.admin_id)
    )
    desk.app.uow.commit([put])
    desk.attend(session_id, 31)
    assert desk.view(session_id)["controller_id"] == other.controller_id


def test_a_list_that_is_older_than_the_drain_does_not_bring_a_start_back(
    desk: Desk, client: LambdaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = desk.launch()["id"]
    other = FakeAgent.online(client, desk.tenant.admin)
    old = [
        each for each in desk.app.controllers.store.all_of(desk.tenant.id) if each.id != other.controller_id
    ]
    monkeypatch.setattr(DynamoControllerStore, "all_of", lambda *_: old)  # and not yet of the other one
    drain(desk)
    shown = desk.view(session_id)
    assert (shown["state"], shown["controller_id"], shown["reason"]["code"]) == ("pending", None, "draining")
    monkeypatch.undo()
    assert desk.drift() == []


@pytest.mark.parametrize("claimed", [False, True])
def test_what_has_left_already_is_left_alone_though_the_index_lags(
    desk: Desk, client: LambdaClient, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    session_id = desk.launch()["id"]
    other = FakeAgent.online(client, desk.tenant.admin)
    drain(desk)
    if claimed:
        command = desk.command(session_id)
        fence = desk.claim(command, agent=other).json["fence"]
        assert other.finish(command, fence).status == 200
    before: Session = desk.stored(session_id)
    assert before.controller_id == other.controller_id
    monkeypatch.setattr(DynamoSessionStore, "placed_on", lambda *_, **__: [session_id])
    found = desk.app.controllers.get(desk.tenant.id, desk.agent.controller_id)
    busy = replace(found, controller=replace(found.controller, awake=1))
    desk.app.sessions.drains._drive(busy)
    assert desk.stored(session_id) == before


def test_a_hibernation_that_failed_is_tried_again_after_a_while(desk: Desk) -> None:
    session_id = desk.running()
    drain(desk)
    desk.carry_out(session_id, "failed", code="docker_error", message="It does not stop.")
    assert desk.view(session_id)["state"] == "running"
    beat(desk, 290)
    assert desk.view(session_id)["state"] == "running"
    beat(desk, 301)
    assert desk.view(session_id)["state"] == "hibernating"
    assert len(desk.timeline(session_id)) == 5


def test_a_drain_that_was_taken_back_puts_nothing_to_rest_any_more(desk: Desk) -> None:
    session_id = desk.running()
    drain(desk, "finish")
    service = desk.app.sessions.drains
    from chalicelib.controllers.service import DrainMode

    seen = desk.app.controllers.get(desk.tenant.id, desk.agent.controller_id)
    assert seen.controller.drain is not None
    moving = replace(seen.controller, drain=replace(seen.controller.drain, mode=DrainMode.MOVE))
    ask(desk, "DELETE", "drain")
    service._drive(replace(seen, controller=moving))  # a slice that began before
    assert desk.view(session_id)["state"] == "running"


def test_a_placement_that_raced_with_a_drain_finds_no_room(desk: Desk) -> None:
    from chalicelib.quotas.service import Amount

    one = Amount(1, 1000, 2**30, 0)
    found = desk.app.controllers.get(desk.tenant.id, desk.agent.controller_id).controller
    drain(desk)
    with pytest.raises(ConditionFailed):
        desk.app.uow.commit([desk.app.controllers.book(found, one)])
    ask(desk, "DELETE", "drain")
    desk.app.uow.commit([desk.app.controllers.book(found, one)])
    desk.app.uow.commit([desk.app.controllers.unbook(desk.tenant.id, found.id, one)])


def test_a_claim_that_raced_with_a_drain_wins_or_starts_nothing(desk: Desk, client: LambdaClient) -> None:
    """The start is claimed between the drain's look at it and its move."""
    session_id = desk.launch()["id"]
    FakeAgent.online(client, desk.tenant.admin)
    stale: Session = desk.stored(session_id)
    desk.claimed(session_id)
    drain(desk, "finish")
    there = desk.app.controllers.get(desk.tenant.id, desk.agent.controller_id)
    with pytest.raises(ConditionFailed):
        desk.app.sessions.placing.vacate(stale, there)
    assert desk.view(session_id)["controller_id"] == desk.agent.controller_id


def test_a_drain_during_a_pause_waits_for_its_end(desk: Desk, client: LambdaClient) -> None:
    runs, begun = desk.running(), desk.launch()["id"]
    other = FakeAgent.online(client, desk.tenant.admin)
    pause(desk)
    assert drain(desk)["state"] == "paused"
    assert desk.view(runs)["state"] == "running"
    assert desk.view(begun)["controller_id"] == other.controller_id
    desk.agent.beat()
    assert desk.view(runs)["state"] == "running"
    assert ask(desk, "DELETE", "pause")["state"] == "draining"
    desk.agent.beat()
    assert desk.view(runs)["state"] == "hibernating"


def test_people_may_still_end_what_is_on_a_drained_controller(desk: Desk) -> None:
    first, second = desk.running(), desk.running()
    drain(desk)
    desk.delete(first)
    desk.carry_out(first)
    desk.carry_out(second)
    desk.delete(second)
    desk.carry_out(second)
    assert remaining(desk) == 0
    assert desk.booked()["sessions"] == 0
    assert desk.drift() == []


def test_two_slices_at_once_ask_once(desk: Desk) -> None:
    session_id = desk.running()
    drain(desk, "finish")
    controllers = desk.app.controllers

    def write() -> None:
        shown = controllers.get(desk.tenant.id, desk.agent.controller_id).controller
        from chalicelib.controllers.service import DrainMode

        moved = replace(shown.drain, mode=DrainMode.MOVE)
        desk.app.uow.commit([controllers.store.set_drain(desk.tenant.id, shown.id, moved)])

    on_conflict(write)
    from concurrent.futures import ThreadPoolExecutor

    where = (desk.tenant.id, desk.agent.controller_id)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(desk.app.sessions.drains.drive, *where) for _ in range(4)]:
            done.result()
    asked = [each for each in desk.timeline(session_id) if each[2] == "hibernate_requested"]
    assert len(asked) == 1
