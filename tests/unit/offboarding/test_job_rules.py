"""When a job goes on, and when it is given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.offboarding.rules import ATTEMPTS, DELETION, Job, JobState, given_up, is_hopeless, stumbled

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EXPORT = Job("ten-1", "exp-1", "usr-1", NOW, NOW)


def test_pauses_grow_and_have_an_end() -> None:
    pauses = [
        (stumbled(replace(EXPORT, attempts=each), NOW, "x").due_at - NOW).total_seconds()
        for each in (1, 2, 3, 20)
    ]
    assert pauses == [10, 20, 40, 300]


def test_an_export_is_given_up_and_says_why() -> None:
    tired = replace(EXPORT, attempts=ATTEMPTS, reason="KeyError: part")
    assert is_hopeless(tired)
    assert not is_hopeless(replace(tired, attempts=ATTEMPTS - 1))
    over = given_up(tired, NOW)
    assert (over.state, over.reason, over.finished_at) == (JobState.FAILED, "KeyError: part", NOW)
    assert "time" in (given_up(replace(tired, reason=None), NOW).reason or "")


def test_a_deletion_never_is() -> None:
    assert not is_hopeless(replace(EXPORT, id=DELETION, attempts=1000))


def test_every_change_makes_an_older_copy_worthless() -> None:
    later = EXPORT.moved(NOW + timedelta(seconds=5), done=3)
    assert (later.revision, later.done) == (EXPORT.revision + 1, 3)
