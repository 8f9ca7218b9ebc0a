"""Lanes: who holds a session's commands, under which fence, and what everyone else is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commands.rules import (
    Claimant,
    Lane,
    blocked,
    claim,
    finish,
    issue,
    next_look,
    overdue,
    renew,
    unclaimed_since,
    withdraw,
)
from chalicelib.core.errors import Busy, Conflict, DomainError, Gone
from chalicelib.protocol.commands import CommandKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = 120.0
ALICE = Claimant("agt-alice", 1, "claim-1")
BOB = Claimant("agt-bob", 1, "claim-2")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def issued(lane: Lane | None = None, kind: CommandKind = CommandKind.START) -> Lane:
    return issue(lane or Lane(), kind, NOW, at(900))


def claimed() -> Lane:
    return claim(issued(), 1, ALICE, NOW, LEASE)


def test_a_claim_makes_a_holder_and_raises_the_fence() -> None:
    lane = claimed()
    assert lane.fence == 1
    assert lane.holder is not None
    assert lane.holder.lease_until == at(120)
    assert blocked(lane, at(119))
    assert not blocked(lane, at(120))


def test_the_same_claim_again_is_the_same_grant() -> None:
    assert claim(claimed(), 1, ALICE, at(60), LEASE) == claimed()


@pytest.mark.parametrize("other", [BOB, replace(ALICE, claim_id="claim-9")])
def test_a_claimed_command_is_taken(other: Claimant) -> None:
    with pytest.raises(Conflict) as refused:
        claim(claimed(), 1, other, at(60), LEASE)
    assert refused.value.code == "command_taken"


def test_an_expired_lease_may_be_taken_over() -> None:
    lane = claim(claimed(), 1, BOB, at(120), LEASE)
    assert lane.fence == 2
    assert lane.holder is not None
    assert lane.holder.agent_id == BOB.agent_id


def test_a_new_boot_takes_over_its_own_claims_at_once() -> None:
    lane = claim(claimed(), 1, replace(ALICE, epoch=2, claim_id="again"), at(1), LEASE)
    assert lane.fence == 2
    with pytest.raises(Conflict) as refused:
        renew(lane, 1, agent_id=ALICE.agent_id, fence=1, now=at(2), lease=LEASE)
    assert refused.value.code == "stale_fence"


def test_an_earlier_boot_takes_over_nothing() -> None:
    lane = claim(issued(), 1, replace(ALICE, epoch=2), NOW, LEASE)
    with pytest.raises(Conflict):
        claim(lane, 1, replace(ALICE, claim_id="older"), at(1), LEASE)


def test_a_newer_command_waits_until_the_holder_lets_go() -> None:
    lane = issued(claimed(), CommandKind.TERMINATE)
    with pytest.raises(Busy) as refused:
        claim(lane, 2, BOB, at(1), LEASE)
    assert refused.value.code == "session_busy"
    assert refused.value.retry_after == 5
    with pytest.raises(Gone) as cancelled:
        renew(lane, 1, agent_id=ALICE.agent_id, fence=1, now=at(1), lease=LEASE)
    assert cancelled.value.code == "command_superseded"
    finished = finish(lane, 1, 1, at(2))
    assert not finished.current
    assert claim(finished.lane, 2, BOB, at(2), LEASE).fence == 2


def test_retry_after_never_outlasts_the_lease() -> None:
    lane = issued(claimed(), CommandKind.TERMINATE)
    with pytest.raises(Busy) as refused:
        claim(lane, 2, BOB, at(119.5), LEASE)
    assert refused.value.retry_after == 1
    assert claim(lane, 2, BOB, at(120), LEASE).fence == 2


def test_an_unclaimed_command_is_superseded_at_once() -> None:
    lane = issued(issued(), CommandKind.TERMINATE)
    with pytest.raises(Gone) as refused:
        claim(lane, 1, ALICE, NOW, LEASE)
    assert refused.value.code == "command_superseded"
    assert claim(lane, 2, ALICE, NOW, LEASE).fence == 1


def test_a_repeated_result_is_recognised() -> None:
    first = finish(claimed(), 1, 1, at(5))
    assert first.current
    assert first.lane.idle
    again = finish(first.lane, 1, 1, at(6))
    assert again.repeated
    assert again.lane == first.lane
    with pytest.raises(Gone) as refused:
        claim(first.lane, 1, ALICE, at(7), LEASE)
    assert refused.value.code == "command_finished"


def test_a_stale_fence_settles_nothing() -> None:
    lane = claim(claimed(), 1, BOB, at(120), LEASE)
    with pytest.raises(Conflict) as refused:
        finish(lane, 1, 1, at(121))
    assert refused.value.code == "stale_fence"
    assert finish(lane, 1, 2, at(121)).current


def test_the_current_fence_counts_even_after_its_lease() -> None:
    assert finish(claimed(), 1, 1, at(10_000)).current
    lane = renew(claimed(), 1, agent_id=ALICE.agent_id, fence=1, now=at(500), lease=LEASE)
    assert blocked(lane, at(619))


def test_a_deadline_ends_claims_and_withdrawing_ends_work() -> None:
    assert overdue(issued(), at(900))
    with pytest.raises(Gone):
        claim(issued(), 1, ALICE, at(900), LEASE)
    with pytest.raises(Gone) as refused:
        renew(withdraw(claimed()), 1, agent_id=ALICE.agent_id, fence=1, now=at(1), lease=LEASE)
    assert refused.value.code == "command_superseded"


def test_since_when_a_command_is_neglected() -> None:
    assert unclaimed_since(Lane(), NOW) is None
    assert unclaimed_since(issued(), at(5)) == NOW
    assert unclaimed_since(claimed(), at(5)) is None
    assert unclaimed_since(claimed(), at(130)) == at(120)


def test_when_a_sweeper_looks_again() -> None:
    def look(lane: Lane, seconds: float) -> datetime | None:
        return next_look(lane, at(seconds), resend=30, ceiling=300)

    assert look(Lane(), 0) is None
    assert look(issued(), 0) == at(30)
    assert look(issued(), 120) == at(180)
    assert look(issued(), 890) == at(900)
    assert look(claimed(), 1) == at(120)
    assert look(claimed(), 120) == at(150)
    ending = issue(Lane(), CommandKind.TERMINATE, NOW, None)
    assert look(ending, 86400) == at(86700)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["issue", "claim", "renew", "finish", "withdraw"]),
        st.integers(1, 4),
        st.sampled_from(["agt-a", "agt-b"]),
        st.integers(1, 3),
        st.integers(0, 90),
    ),
    max_size=40,
)


@given(ACTIONS)
def test_whatever_happens_fences_grow_and_leases_never_overlap(
    actions: list[tuple[str, int, str, int, int]],
) -> None:
    lane, now = Lane(), NOW
    for kind, number, agent, epoch, wait in actions:
        now += timedelta(seconds=wait)
        before = lane
        try:
            if kind == "issue":
                lane = issue(lane, CommandKind.START, now, now + timedelta(seconds=900))
            elif kind == "claim":
                lane = claim(lane, number, Claimant(agent, epoch, f"{number}"), now, LEASE)
            elif kind == "renew":
                lane = renew(lane, number, agent_id=agent, fence=lane.fence, now=now, lease=LEASE)
            elif kind == "finish":
                lane = finish(lane, number, lane.fence, now).lane
            else:
                lane = withdraw(lane)
        except DomainError:
            assert lane == before
        assert lane.fence >= before.fence
        assert lane.issued >= before.issued
        held, new = before.holder, lane.holder
        if held and new and (held.agent_id, held.epoch, held.number) != (new.agent_id, new.epoch, new.number):
            assert lane.fence == before.fence + 1
            rebooted = held.agent_id == new.agent_id and new.epoch > held.epoch
            assert rebooted or now >= held.lease_until
