"""How attempts are counted."""

from datetime import UTC, datetime, timedelta

from chalicelib.identity.attempt_rules import FORGOTTEN_AFTER, Action, Limit, limits

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_lock_grows_and_is_bounded():
    locks = [Limit(5).lock_after(attempts, NOW) for attempts in range(40)]
    assert locks[:5] == [None] * 5
    waits = [lock - NOW for lock in locks[5:] if lock]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=1)
    assert waits[-1] == timedelta(minutes=15)


def test_attempts_add_up_until_they_are_forgotten():
    limit, counter = Limit(2), None
    for expected in (1, 2, 3):
        counter = limit.counted(counter, NOW)
        assert counter.attempts == expected
    assert counter is not None
    assert counter.locked_until is not None
    assert limit.counted(counter, NOW + FORGOTTEN_AFTER).attempts == 1


def test_an_account_an_address_and_one_from_the_other_are_counted():
    mine = dict(limits(Action.SIGN_IN, "ada@example.com", "192.0.2.1"))
    elsewhere = dict(limits(Action.SIGN_IN, "ada@example.com", "192.0.2.2"))
    others = dict(limits(Action.SIGN_IN, "bob@example.com", "192.0.2.1"))
    assert len(mine) == 3
    assert len(mine.keys() & elsewhere.keys()) == 1  # the account
    assert len(mine.keys() & others.keys()) == 1  # the address
    assert not any("example" in key for key in mine)


def test_a_network_counts_as_one_address():
    def address(text: str) -> str:
        return list(limits(Action.SIGN_IN, "ada@example.com", text))[-1][0]

    assert address("2001:db8::1") == address("2001:db8::ffff:2")
    assert address("2001:db8::1") != address("2001:db8:0:1::1")
    assert address("192.0.2.1") != address("192.0.2.2")
    assert address("") == address("nonsense")


def test_every_action_is_limited_by_address():
    for action in Action:
        assert list(limits(action, "", "192.0.2.1"))
