"""Sixteen at once at a limit of five; and everything comes back, however it ended."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.core.errors import DomainError
from chalicelib.identity.service import Role, User
from chalicelib.quotas.counters import ROOM
from chalicelib.quotas.service import Amount
from chalicelib.sessions.service import NewSession
from tests.support.desk import Desk

THREADS = 16


def _together(work: Callable[[int], Any]) -> Counter[str]:
    def guarded(number: int) -> str:
        try:
            work(number)
            return "made"
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(guarded, range(THREADS)))


def _crowd(desk: Desk) -> None:
    """So many others hold something that whoever comes now is counted on a row of their own."""
    for number in range(ROOM):
        booked = desk.app.quotas.book(desk.tenant.id, f"usr-{number:026}", None, Amount(gpu=1))
        desk.app.uow.commit(booked)


@pytest.mark.feature("Sixteen at once never exceed a quota of the organisation, of a user or of a group")
@pytest.mark.parametrize("crowded", [False, True], ids=["inside", "rows"])
@pytest.mark.parametrize("scope", ["tenant", "user", "user-default", "group"])
def test_sixteen_threads_at_a_limit_of_five(desk: Desk, group_id: str, scope: str, crowded: bool) -> None:
    if crowded:
        _crowd(desk)
    paths = {"user": f"users/{desk.tenant.member_id}", "group": f"groups/{group_id}"}
    assert desk.limit(paths.get(scope, scope), sessions=5).status == 200
    caller = User(desk.tenant.id, desk.tenant.member_id, Role.MEMBER, charged_group=group_id)
    wanted = NewSession(desk.template_id, cpu_millis=100, memory_bytes=2**26)
    creation, made = desk.app.sessions.creation, []
    told = _together(lambda _: made.append(creation.create(caller, wanted)))
    assert told == {"made": 5, "quota_exceeded": 11}
    for subject in (("tenant", None), ("user", desk.tenant.member_id), ("group", group_id)):
        assert desk.used(*subject)["sessions"] == 5
    gone = _together(
        lambda number: desk.app.sessions.terminate(caller, made[number % 5].id, delete_home=True)
    )
    assert gone == {"made": THREADS}
    mine = [each for each in desk.app.quotas.recorded(desk.tenant.id) if each.used.sessions]
    assert mine == []


def _never_claimed(desk: Desk) -> None:
    desk.delete(desk.launch()["id"])


def _failed_start(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.carry_out(session_id, "failed", code="image_not_found", message="There is none.")
    assert desk.used("user", desk.tenant.member_id)["storage"] == "5Gi"
    _ended(desk, session_id)


def _hibernated(desk: Desk) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    desk.carry_out(session_id)
    assert desk.used()["storage"] == "5Gi"
    _ended(desk, session_id, delete_home="true")


def _instance_lost(desk: Desk) -> None:
    session_id = desk.running()
    desk.inventory()
    assert desk.view(session_id)["state"] == "failed"
    assert (desk.used()["sessions"], desk.used()["storage"]) == (0, "5Gi")
    _ended(desk, session_id)


def _woken_after_a_failure(desk: Desk) -> None:
    session_id = desk.running()
    desk.inventory()
    assert desk.do(session_id, "wake").status == 202
    assert (desk.used()["sessions"], desk.used()["storage"]) == (1, "5Gi")
    desk.carry_out(session_id)
    _ended(desk, session_id)


def _deadline_passed(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    for seconds in (60, 2000, 4000):
        desk.attend(session_id, seconds)
    assert desk.view(session_id)["state"] == "failed"
    desk.delete(session_id)
    desk.result(command_id, fence, "cancelled")
    desk.carry_out(session_id)


def _never_placed(desk: Desk) -> None:
    session_id = desk.launch(resources={"cpu": "900"})["id"]
    desk.attend(session_id, 700)
    assert desk.view(session_id)["state"] == "failed"
    assert desk.used() == {"sessions": 0, "cpu": "0m", "memory": "0", "gpu": 0, "storage": "0"}
    desk.delete(session_id)


def _controller_removed(desk: Desk) -> None:
    session_id = desk.running()
    desk.inventory()  # lost, so the controller is in nobody's use
    removed = desk.call("DELETE", f"/v1/controllers/{desk.agent.controller_id}", token=desk.tenant.admin)
    assert removed.status == 204, removed.text
    assert desk.used()["storage"] == "5Gi"
    desk.delete(session_id)


def _controller_lost(desk: Desk) -> None:
    """One session had not begun there, the other waits for it and ends when it is back."""
    running, waiting = desk.running(), desk.launch()["id"]
    desk.attend(waiting, 200)
    path = f"/v1/controllers/{desk.agent.controller_id}"
    assert desk.call("GET", path, token=desk.tenant.admin).json["state"] == "lost"
    assert desk.delete(waiting).json["state"] == "terminated"
    assert desk.delete(running).json["reason"]["code"] == "controller_lost"
    assert desk.used()["sessions"] == 1
    desk.carry_out(running)


def _user_removed(desk: Desk) -> None:
    session_id = desk.running()
    path = f"/v1/users/{desk.tenant.member_id}"
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    desk.carry_out(session_id)


def _tenant_suspended(desk: Desk) -> None:
    """Its people are locked out; what the operator ends comes back all the same."""
    session_id = desk.running()
    desk.app.tenancy.suspend(desk.tenant.id, "unpaid")
    desk.app.sessions.end_all(desk.tenant.id, "system", delete_homes=False)
    desk.app.tenancy.resume(desk.tenant.id)
    desk.carry_out(session_id)


def _ended(desk: Desk, session_id: str, **query: Any) -> None:
    if desk.delete(session_id, **query).json["state"] != "terminated":
        desk.carry_out(session_id)


@pytest.mark.feature("Everything that a session has booked comes back, however it ended")
@pytest.mark.parametrize(
    "life",
    [
        _never_claimed,
        _failed_start,
        _hibernated,
        _instance_lost,
        _woken_after_a_failure,
        _deadline_passed,
        _never_placed,
        _controller_removed,
        _controller_lost,
        _user_removed,
        _tenant_suspended,
    ],
    ids=lambda life: life.__name__.strip("_"),
)
def test_bookings_come_back(desk: Desk, group_id: str, life: Callable[[Desk], None]) -> None:
    quotas = desk.app.quotas
    life(desk)
    found = quotas.recorded(desk.tenant.id)
    assert {each.scope for each in found} == {"tenant", "user", "group"}
    assert {each.used for each in found} == {Amount()}
    assert desk.drift() == []


def test_a_recount_sees_what_is_booked_wrongly(desk: Desk, group_id: str) -> None:
    desk.launch()
    assert desk.drift() == []
    wrong = Amount(storage_bytes=1)
    desk.app.uow.commit(desk.app.quotas.book(desk.tenant.id, desk.tenant.member_id, group_id, wrong))
    drift = {each.subject for each in desk.drift()}
    assert drift == {"tenant", f"user#{desk.tenant.member_id}", f"group#{group_id}"}
