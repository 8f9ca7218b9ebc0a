"""The suite can fail: each misbehaving fake is caught, by the check made for it; a slow one is not."""

import threading

import pytest

from agent.drivers.fake import FakeDriver
from tests.contract.drivers import misbehaving
from tests.contract.drivers.driver_adapter import FakeAdapter
from tests.contract.drivers.driver_contract import CHECKS, Check

LIMIT = 2.0
"""Seconds for one check on a fake."""
BY_NAME = {check.__name__: check for check, _ in CHECKS}

CAUGHT = {
    misbehaving.Dead: "a_start_ends_with_an_answering_instance",
    misbehaving.Lying: "a_start_ends_with_an_answering_instance",
    misbehaving.Hasty: "an_instance_that_never_answers_is_given_up",
    misbehaving.Deaf: "cancelling_while_creating_leaves_nothing",
    misbehaving.Messy: "cancelling_while_connecting_leaves_nothing",
    misbehaving.Tidy: "what_is_cancelled_past_its_lease_is_left_to_whoever_has_it_now",
    misbehaving.Doubling: "starting_again_keeps_the_instance",
    misbehaving.Wrecker: "removing_keeps_the_home_unless_told",
    misbehaving.Sweeping: "what_others_own_is_neither_seen_nor_touched",
    misbehaving.Forgetful: "a_new_process_goes_on_where_the_old_one_stopped",
    misbehaving.Squeamish: "what_is_not_there_stops_and_goes_without_complaint",
    misbehaving.Blabbing: "an_instance_that_ends_by_itself_is_told_until_it_is_dealt_with",
    misbehaving.Blind: "stopping_keeps_the_home",
    misbehaving.Stubborn: "a_late_start_touches_nothing",
    misbehaving.Nosy: "what_others_printed_is_not_read",
    misbehaving.Endless: "what_an_instance_printed_can_be_read",
    misbehaving.Silent: "pulling_tells_its_progress",
}


def verdict(check: Check, make: type[FakeDriver]) -> BaseException | None:
    """None if the check passes; a TimeoutError if it does not end."""
    caught: list[BaseException | None] = [TimeoutError()]

    def run() -> None:
        try:
            check(FakeAdapter(make))
            caught[0] = None
        except BaseException as error:
            caught[0] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT)
    return caught[0]


@pytest.mark.parametrize(
    ("make", "name"), CAUGHT.items(), ids=lambda value: getattr(value, "__name__", value)
)
def test_misbehaviour_is_caught(make: type[FakeDriver], name: str) -> None:
    assert verdict(BY_NAME[name], FakeDriver) is None, "the check is passable"
    assert verdict(BY_NAME[name], make) is not None


@pytest.mark.parametrize("name", BY_NAME)
def test_slowness_is_no_misbehaviour(name: str) -> None:
    assert verdict(BY_NAME[name], misbehaving.Slow) is None
