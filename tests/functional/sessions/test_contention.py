"""Sixteen at once: on one controller's capacity, on one command, on one session."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.errors import DomainError
from chalicelib.identity.service import Role, User
from chalicelib.protocol.commands import ClaimRequest
from chalicelib.sessions.rules import TRANSITIONS, Cause, State
from chalicelib.sessions.service import NewSession
from tests.support.desk import Desk

THREADS = 16


def together(work: Callable[[int], Any], times: int = THREADS) -> list[Any]:
    """What each call gave, a domain error's code where it raised one."""

    def guarded(number: int) -> Any:
        try:
            return work(number)
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(guarded, range(times)))


def user(desk: Desk) -> User:
    return User(desk.tenant.id, desk.tenant.member_id, Role.MEMBER, "signin")


@pytest.mark.feature("Sixteen users at once never overbook a controller")
def test_a_controller_is_never_overbooked(desk: Desk) -> None:
    """8 cores, 16 sessions of 2 cores each: four are placed, the others wait."""
    creation = desk.app.sessions.creation
    wanted = NewSession(desk.template_id, cpu_millis=2000)
    made = together(lambda _: creation.create(user(desk), wanted))
    states = Counter(each if isinstance(each, str) else each.state for each in made)
    assert states == {State.STARTING: 4, State.PENDING: 12}
    assert desk.booked()["cpu"] == "8000m"
    assert desk.used()["sessions"] == 16
    assert desk.drift() == []
    assert len(desk.messages()) == 4


def test_a_quota_is_never_exceeded(desk: Desk) -> None:
    limits = {"limits": {"sessions": 5}}
    assert desk.call("PUT", "/v1/quotas/user-default", limits, token=desk.tenant.admin).status == 200
    creation = desk.app.sessions.creation
    wanted = NewSession(desk.template_id, cpu_millis=100, memory_bytes=2**26)
    made = Counter(
        each if isinstance(each, str) else "made"
        for each in together(lambda _: creation.create(user(desk), wanted))
    )
    assert made == {"made": 5, "quota_exceeded": 11}
    assert desk.drift() == []


def test_one_key_makes_one_session_however_many_ask(desk: Desk) -> None:
    creation = desk.app.sessions.creation
    wanted = NewSession(desk.template_id)
    made = together(lambda _: creation.create(user(desk), wanted, "the key"))
    assert len({each.id for each in made}) == 1
    assert desk.used()["sessions"] == 1


@pytest.mark.feature("Of sixteen claims of one command one wins")
def test_one_claim_wins(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    reports = desk.app.sessions.reports
    caller = AgentCaller(desk.tenant.id, desk.agent.controller_id, desk.agent.enrolment["agent_id"], "key")

    def claim(number: int) -> Any:
        request = ClaimRequest(epoch=desk.agent.epoch, claim_id=f"claim-{number}")
        return reports.claim(caller, command_id, request).fence

    assert Counter(together(claim)) == {1: 1, "command_taken": 15}
    assert desk.stored(session_id).lane.fence == 1


def test_everyone_ends_everything_at_once(desk: Desk) -> None:
    """Bookings come back exactly once, whoever is first."""
    lifecycle = desk.app.sessions.lifecycle
    made = [desk.launch(resources={"cpu": "500m"})["id"] for _ in range(4)]
    for session_id in made[:2]:
        desk.carry_out(session_id)

    def end(number: int) -> Any:
        session_id = made[number % 4]
        return lifecycle.terminate(user(desk), session_id, delete_home=False).state

    assert set(together(end, 32)) <= {State.TERMINATING, State.TERMINATED}
    for session_id in made[:2]:
        desk.carry_out(session_id)
    assert desk.used()["sessions"] == 0
    assert desk.booked()["cpu"] == "0m"
    assert desk.drift() == []


def test_opposite_wishes_leave_a_legal_timeline(desk: Desk) -> None:
    """Users who hibernate, wake and rename at once while an agent answers: no update is lost, the books are
    right, and the timeline is a walk of the table."""
    session_id = desk.running()
    lifecycle = desk.app.sessions.lifecycle
    caller = AgentCaller(desk.tenant.id, desk.agent.controller_id, desk.agent.enrolment["agent_id"], "key")

    def act(number: int) -> Any:
        match number % 4:
            case 0:
                return lifecycle.hibernate(user(desk), session_id)
            case 1:
                return lifecycle.wake(user(desk), session_id)
            case 2:
                return lifecycle.rename(user(desk), session_id, name=None, labels={f"n{number}": "x"})
            case _:
                return _answer(desk, caller, session_id)

    results = together(act, 64)
    allowed = {"session_busy", "command_superseded", "command_taken", "stale_fence", "invalid_state"}
    assert {each for each in results if isinstance(each, str)} <= {*allowed, "command_finished"}
    assert desk.drift() == []
    walk = desk.timeline(session_id)
    for (_, reached, _), (left, target, cause) in pairwise(walk):
        assert left == reached
        assert TRANSITIONS[State(left)][Cause(cause)] == target
    assert walk[-1][1] == desk.view(session_id)["state"]


def _answer(desk: Desk, caller: AgentCaller, session_id: str) -> None:
    from chalicelib.protocol.commands import Outcome, ResultReport

    reference = desk.stored(session_id).reference()
    if reference is None:
        return
    reports, epoch = desk.app.sessions.reports, desk.agent.epoch
    grant = reports.claim(caller, reference.command_id, ClaimRequest(epoch=epoch, claim_id="same"))
    report = ResultReport(epoch=epoch, fence=grant.fence, sequence=1, outcome=Outcome.SUCCEEDED)
    reports.result(caller, reference.command_id, report)
