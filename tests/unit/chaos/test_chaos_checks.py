"""The verdict of a chaos run can be "no": each check sees what it is there for."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import checks
from tests.chaos.clients import Diary, Wish
from tests.chaos.reality import Reality, Row

CONTROLLERS = {"docker": "ctl-d", "fake": "ctl-f"}
RUNNING = Row("ses-1", "running", "running", "ctl-d", 2, False, True, "full", 100)
ENDED = Row("ses-2", "terminated", "terminated", "ctl-f", 1, True, True, "none", 0)


def _well() -> tuple[Reality, Diary]:
    seen = Reality(
        rows={each.id: each for each in (RUNNING, ENDED)},
        instances={"docker": [("ses-1", 2, True)], "fake": []},
        homes={"docker": {"ses-1"}, "fake": set()},
        things=[("socket", "ses-1"), ("secret", "ses-1")],
        networks=Counter({"net": 1}),
        cpu=Counter({"docker": 100}),
        messages={"queue": 0},
        held={"agent": []},
    )
    ended = Wish("b", "fake", id="ses-2", asked="terminated", delete_home=True)
    return seen, Diary(wishes=[Wish("a", "docker", id="ses-1"), ended])


def _set(**fields: Any) -> Any:
    def change(seen: Reality, _diary: Diary) -> None:
        for name, value in fields.items():
            setattr(seen, name, value)

    return change


def _row(row: Row, **changes: Any) -> Any:
    return lambda seen, _diary: seen.rows.update({row.id: replace(row, **changes)})


WRONG = {
    "stuck, on its way": (_row(RUNNING, state="starting"), "stuck: ses-1 is starting"),
    "stuck, at work": (_row(RUNNING, idle=False), "stuck: ses-1"),
    "a message": (_set(messages={"queue": 1}), "stuck: 1 messages"),
    "a report": (_set(held={"agent": ["outbox 1.json"]}), "stuck: agent holds"),
    "no answer": (lambda _, diary: diary.unanswered.append("GET /"), "lost: no answer"),
    "gone": (lambda seen, _: seen.rows.pop("ses-2"), "lost: ses-2"),
    "not ended": (_row(ENDED, state="failed"), "lost: ses-2 was to end"),
    "home kept": (_row(ENDED, delete_home=False), "lost: ses-2 was to end with its home"),
    "elsewhere": (_row(ENDED, controller_id="ctl-x"), "lost: ses-2 is on ctl-x"),
    "twice made": (lambda _, diary: diary.wishes.pop(), "doubled: nobody asked for ses-2"),
    "one for two": (lambda _, diary: diary.wishes.append(diary.wishes[0]), "doubled: ses-1 answers 2"),
    "two instances": (
        _set(instances={"docker": [("ses-1", 1, True), ("ses-1", 2, True)], "fake": []}),
        "doubled: ses-1 has 2",
    ),
    "unwanted": (
        _set(instances={"docker": [("ses-1", 2, True)], "fake": [("ses-2", 1, False)]}),
        "orphaned: instance on fake of ses-2",
    ),
    "of before": (
        _set(instances={"docker": [("ses-1", 1, True)], "fake": []}),
        "orphaned: ses-1 is at incarnation 2",
    ),
    "missing": (_set(instances={"docker": [], "fake": []}), "books: ses-1 is running and has no"),
    "asleep and running": (
        _row(RUNNING, state="hibernated", desired="hibernated", held="parked"),
        "books: ses-1 is hibernated",
    ),
    "a home": (_set(homes={"docker": {"ses-1"}, "fake": {"ses-2"}}), "orphaned: home on fake of ses-2"),
    "a secret": (_set(things=[("secret", "ses-2")]), "orphaned: secret ses-2"),
    "a network": (_set(networks=Counter({"net": 0})), "orphaned: network net"),
    "drift": (_set(drift=[{"subject": "tenant"}]), "books: {'subject'"),
    "more than booked": (_set(cpu=Counter({"docker": 200})), "books: 100m booked on docker, 200m"),
}


def test_nothing_is_wrong_when_all_is_well() -> None:
    assert checks.violations(*_well(), CONTROLLERS) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    seen, diary = _well()
    change, word = WRONG[name]
    change(seen, diary)
    found = checks.violations(seen, diary, CONTROLLERS)
    assert any(each.startswith(word) for each in found), found


def test_a_timeline_is_a_walk_that_ends_where_the_session_is() -> None:
    walk = [("created_and_placed", None, "starting"), ("started", "starting", "running")]
    entries = [{"cause": cause, "from": before, "to": after} for cause, before, after in walk]
    rows = {RUNNING.id: RUNNING}
    assert checks.timelines(lambda _: entries, rows) == []
    assert checks.timelines(lambda _: entries[1:], rows)
    assert checks.timelines(lambda _: entries[:1], rows)
