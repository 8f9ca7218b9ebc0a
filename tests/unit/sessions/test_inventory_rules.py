"""What an inventory means."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.protocol.agents import Remedy
from chalicelib.protocol.commands import CommandKind
from chalicelib.protocol.instances import InstanceFacts, InstanceState
from chalicelib.sessions.attending import expire
from chalicelib.sessions.comparing import Comparison, Observation, compare
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import State
from tests.unit.sessions.builders import CONTROLLER, SESSION, TENANT, at, session, under_way

MARGIN = timedelta(seconds=20)


def facts(incarnation: int = 1, state: InstanceState = InstanceState.RUNNING) -> InstanceFacts:
    return InstanceFacts(tenant_id=TENANT, session_id=SESSION, incarnation=incarnation, state=state)


def look(
    *seen: InstanceFacts,
    of: Session | None = None,
    began: datetime | None = None,
    suspects: dict[str, datetime] | None = None,
    homes: tuple[str, ...] = (),
) -> Comparison:
    observed = Observation(CONTROLLER, began or at(300), seen, homes)
    known = {of.id: of} if of else {}
    return compare(observed, known, suspects or {}, margin=MARGIN)


def undisturbed(found: Comparison) -> bool:
    """Whether no session changes because of it."""
    return not any((found.missing, found.stopped, found.restopped))


def test_a_wanted_instance_is_adopted_under_the_present_fence() -> None:
    found = look(facts(), of=session())
    assert [(each.remedy, each.fence, each.generation) for each in found.actions] == [(Remedy.ADOPT, 1, 1)]
    assert undisturbed(found)
    assert not found.suspects


def test_a_running_session_without_an_instance_is_missing() -> None:
    assert look(of=session()).missing == (session(),)
    assert look(facts(incarnation=9), of=session()).missing == (session(),)


def test_one_that_died_at_work_for_nobody_hides_nothing() -> None:
    """The start was claimed and its agent died; then its deadline passed, and nobody will report."""
    failed = expire(under_way(State.STARTING, CommandKind.START), at(30)).after
    assert failed.state is State.FAILED
    assert failed.lane.holder is not None
    lease_end = failed.lane.holder.lease_until
    suspects = {f"{SESSION}/1": at(1)}
    for began, removed in ((lease_end + MARGIN / 2, []), (lease_end + MARGIN, [Remedy.REMOVE])):
        found = look(facts(), of=failed, began=began, suspects=suspects)
        assert [each.remedy for each in found.actions] == removed


def test_a_running_session_whose_instance_stopped_has_ended() -> None:
    found = look(facts(state=InstanceState.STOPPED), of=session())
    assert found.stopped == (session(),)
    assert not found.actions


def test_a_hibernated_session_whose_instance_runs_is_stopped_again() -> None:
    asleep = session(State.HIBERNATED)
    assert look(facts(), of=asleep).restopped == (asleep,)
    assert look(of=asleep).missing == ()


@pytest.mark.feature("An orphan is removed only after two inventories have seen it")
@pytest.mark.parametrize(
    "of",
    [None, session(State.FAILED), session(State.TERMINATED), session(incarnation=2)],
    ids=["unknown", "failed", "terminated", "older incarnation"],
)
def test_an_orphan_is_removed_after_two_inventories(of: Session | None) -> None:
    first = look(facts(), of=of)
    assert Remedy.REMOVE not in [each.remedy for each in first.actions]
    assert first.suspects == {f"{SESSION}/1": at(300)}
    repeated = look(facts(), of=of, suspects=first.suspects)
    assert repeated.suspects == first.suspects
    assert Remedy.REMOVE not in [each.remedy for each in repeated.actions]
    second = look(facts(), of=of, began=at(600), suspects=first.suspects)
    removed = [each for each in second.actions if each.remedy is Remedy.REMOVE]
    assert [(each.session_id, each.incarnation, each.delete_home) for each in removed] == [
        (SESSION, 1, False)
    ]


def test_an_orphan_that_went_away_is_forgotten() -> None:
    assert look(suspects={f"{SESSION}/1": at(0)}).suspects == {}


@pytest.mark.parametrize(
    "of",
    [
        under_way(State.STARTING, CommandKind.START),
        under_way(State.STARTING, CommandKind.START, claimed=False),
        under_way(State.TERMINATING, CommandKind.TERMINATE),
        under_way(State.FAILED, CommandKind.START),
        session(changed_at=at(290)),
        session(State.FAILED, changed_at=at(310)),
    ],
    ids=["starting", "unclaimed", "terminating", "failed but still held", "changed before", "changed since"],
)
def test_nothing_is_decided_about_what_is_in_motion(of: Session) -> None:
    suspected = {f"{SESSION}/1": at(0)}
    for seen in ((facts(),), (facts(state=InstanceState.STOPPED),), ()):
        found = look(*seen, of=of, suspects=suspected)
        assert undisturbed(found)
        assert not found.actions


def test_homes_go_only_with_sessions_that_asked_for_it() -> None:
    kept = session(State.TERMINATED)
    assert look(of=kept, homes=(SESSION,)).actions == ()
    wiped = replace(kept, delete_home=True)
    assert [each.delete_home for each in look(of=wiped, homes=(SESSION,)).actions] == [True]
    assert look(homes=(SESSION,)).actions == ()
    failed = session(State.FAILED, delete_home=True)
    assert look(of=failed, homes=(SESSION,)).actions == ()


def test_another_controllers_session_is_an_orphan_here() -> None:
    elsewhere = session(controller_id="ctl-01kb0000000000000000000009")
    found = look(facts(), of=elsewhere)
    assert found.suspects
    assert not found.missing
