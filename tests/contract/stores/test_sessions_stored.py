"""`SessionStore`, row by row: what comes back, and what each condition refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.catalog.rules import TemplateResources
from chalicelib.commands.rules import Lane
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.agents import SessionActivity
from chalicelib.protocol.commands import StatusReport
from chalicelib.protocol.instances import InstanceSpec, Progress, Reason, Resources, Stage
from chalicelib.sessions.entities import Assessment, Details, Entry, Requirements, Session, Verdict
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.rules import Desired, Held, State
from chalicelib.sessions.store import SHARDS, Due, SessionStore
from tests.contract.stores import examples
from tests.contract.stores.examples import NOW, at, commit

pytestmark = pytest.mark.usefixtures("storage")
STORE: SessionStore = DynamoSessionStore()


def stored(tenant_id: str, **changes: object) -> Session:
    one = examples.session(tenant_id, **changes)
    commit(STORE.add(one))
    return one


def test_a_session_comes_back_as_it_was(tenant_id: str) -> None:
    plain = stored(tenant_id)
    full = stored(
        tenant_id,
        state=State.STARTING,
        desired=Desired.HIBERNATED,
        generation=7,
        incarnation=3,
        labels={"a": "b"},
        reason=Reason(code="slow", message="It is slow."),
        stage=Stage.PULLING,
        progress=Progress(done=0, total=2**40),
        started_at=at(1),
        last_activity_at=at(2),
        viewers=3,
        group_id="grp-1",
        delete_home=True,
        due_at=at(60),
        lane=examples.held_lane(),
        resources=TemplateResources(cpu_millis=1500, gpu=2, storage_bytes=0),
    )
    bare = stored(
        tenant_id, state=State.PENDING, controller_id=None, lane=Lane(), held=Held.NONE, changed_at=None
    )
    for each in (plain, full, bare):
        assert STORE.get(tenant_id, each.id) == each
    assert STORE.several(tenant_id, [plain.id, full.id]) == {plain.id: plain, full.id: full}
    assert STORE.get(tenant_id, "ses-none") is None
    assert STORE.get("ten-other", plain.id) is None
    assert {each.id for each in STORE.all_of(tenant_id)} == {plain.id, full.id, bare.id}


def test_an_id_is_used_once(tenant_id: str) -> None:
    one = stored(tenant_id)
    with pytest.raises(ConditionFailed):
        commit(STORE.add(replace(one, name="Another")))
    assert STORE.get(tenant_id, one.id) == one


def test_a_change_needs_the_revision_that_it_was_made_of(tenant_id: str) -> None:
    one = stored(tenant_id, stage=Stage.QUEUED, due_at=at(9))
    after = replace(
        one, state=State.FAILED, revision=2, stage=None, due_at=None, reason=Reason(code="c", message="m")
    )
    commit(STORE.change(one, after))
    assert STORE.get(tenant_id, one.id) == after
    with pytest.raises(ConditionFailed):
        commit(STORE.change(one, replace(one, name="Late", revision=2)))
    with pytest.raises(ConditionFailed):
        commit(STORE.change(examples.session(tenant_id), examples.session(tenant_id, revision=2)))
    assert STORE.get(tenant_id, one.id) == after


def report(fence: int, sequence: int, **more: object) -> StatusReport:
    return StatusReport.model_validate({"epoch": 1, "fence": fence, "sequence": sequence, **more})


def test_progress_counts_for_the_present_holder_and_in_order(tenant_id: str) -> None:
    one = stored(tenant_id, state=State.STARTING, lane=examples.held_lane(number=2, fence=2))
    commit(STORE.progress(one, report(2, 5, stage="pulling", progress={"done": 1, "total": 9})))
    seen = STORE.get(tenant_id, one.id)
    assert seen == replace(one, stage=Stage.PULLING, progress=Progress(done=1, total=9))
    for late in (report(2, 5), report(2, 4), report(1, 99), report(3, 1)):
        with pytest.raises(ConditionFailed):
            commit(STORE.progress(one, late))
    commit(STORE.progress(one, report(2, 6)))
    assert STORE.get(tenant_id, one.id) == replace(one, stage=Stage.PULLING)


def test_progress_of_a_command_that_is_over_is_refused(tenant_id: str) -> None:
    lane = examples.held_lane()
    before = stored(tenant_id, state=State.STARTING, lane=lane)
    commit(STORE.change(before, replace(before, lane=replace(lane, open=None), revision=2)))
    with pytest.raises(ConditionFailed):
        commit(STORE.progress(before, report(2, 1, stage="creating")))


def test_activity_is_of_what_runs_there(tenant_id: str) -> None:
    one = stored(tenant_id)
    commit(STORE.activity(one, "ctl-1", SessionActivity(session_id=one.id, viewers=2, last_input_at=at(5))))
    seen = replace(one, viewers=2, last_activity_at=at(5))
    assert STORE.get(tenant_id, one.id) == seen
    commit(STORE.activity(one, "ctl-1", SessionActivity(session_id=one.id, viewers=0)))
    assert STORE.get(tenant_id, one.id) == replace(seen, viewers=0)
    nobody = SessionActivity(session_id=one.id, viewers=1)
    with pytest.raises(ConditionFailed):
        commit(STORE.activity(one, "ctl-2", nobody))
    asleep = stored(tenant_id, state=State.HIBERNATED)
    with pytest.raises(ConditionFailed):
        commit(STORE.activity(asleep, "ctl-1", SessionActivity(session_id=asleep.id, viewers=1)))


def test_a_due_time_moves_unless_it_moved_already(tenant_id: str) -> None:
    one = stored(tenant_id, due_at=at(10))
    due = Due(tenant_id, one.id, at(10))
    commit(STORE.postpone(due, at(20)))
    assert STORE.get(tenant_id, one.id) == replace(one, due_at=at(20))
    for until in (at(30), None):
        with pytest.raises(ConditionFailed):
            commit(STORE.postpone(due, until))
    commit(STORE.postpone(Due(tenant_id, one.id, at(20)), None))
    assert STORE.get(tenant_id, one.id) == replace(one, due_at=None)


def details(one: Session) -> Details:
    spec = InstanceSpec(
        tenant_id=one.tenant_id,
        session_id=one.id,
        incarnation=1,
        image="a/b",
        resources=Resources(cpu_millis=1, memory_bytes=1),
        env={"A": ""},
    )
    return Details(one.tenant_id, one.id, spec, Requirements(("docker",), {"disk": "ssd"}, "ctl-1"))


def test_details_and_their_assessment(tenant_id: str) -> None:
    one = stored(tenant_id)
    kept = details(one)
    why = Reason(code="no_cpu", message="No CPU is left.")
    found = Assessment(NOW, None, (Verdict("ctl-1", "one", (why,)), Verdict("ctl-2", "two")))
    with pytest.raises(ConditionFailed):
        commit(STORE.assess(tenant_id, one.id, found))
    assert STORE.details(tenant_id, one.id) is None
    commit(STORE.add_details(kept))
    with pytest.raises(ConditionFailed):
        commit(STORE.add_details(kept))
    commit(STORE.assess(tenant_id, one.id, found))
    assert STORE.details(tenant_id, one.id) == replace(kept, assessment=found)


def test_archiving_takes_it_out_of_every_list_of_the_living(tenant_id: str) -> None:
    one = stored(tenant_id, state=State.TERMINATED, held=Held.NONE, due_at=at(5))
    commit(STORE.add_details(details(one)))
    with pytest.raises(ConditionFailed):
        commit(STORE.archive(replace(one, revision=9)))
    commit(STORE.archive(one))
    assert STORE.get(tenant_id, one.id) == replace(one, due_at=None)
    assert STORE.several(tenant_id, [one.id]) == {}
    assert STORE.several(tenant_id, [one.id], archived=True).keys() == {one.id}
    assert list(STORE.all_of(tenant_id)) == []
    assert [each.id for each in STORE.ever(tenant_id)] == [one.id]
    assert STORE.placed_on(tenant_id, "ctl-1") == []
    due = [each.session_id for shard in range(SHARDS) for each in STORE.due(shard, at(99), 100)]
    assert one.id not in due


def test_a_timeline_is_told_in_order_and_page_by_page(tenant_id: str) -> None:
    one = stored(tenant_id)
    entries = [
        Entry(at(number), State.STARTING, State.RUNNING, "system", f"cause-{number}", None, 1)
        for number in range(12)
    ]
    for revision in (11, 2, 9):
        step = replace(one, revision=revision)
        commit(STORE.append(step, [replace(each, generation=revision) for each in entries[:2]]))
    first, after = STORE.timeline(tenant_id, one.id, limit=4, after=None)
    assert [(each.generation, each.cause) for each in first] == [
        (2, "cause-0"), (2, "cause-1"), (9, "cause-0"), (9, "cause-1"),
    ]  # fmt: skip
    rest, end = STORE.timeline(tenant_id, one.id, limit=4, after=after)
    assert [each.generation for each in rest] == [11, 11]
    assert end is None
    assert rest[0] == replace(entries[0], generation=11)


def test_homes_that_ended_sessions_left_are_wanted_gone_once(tenant_id: str) -> None:
    left = stored(tenant_id, state=State.TERMINATED, held=Held.NONE)
    older = stored(tenant_id, state=State.TERMINATED, held=Held.NONE)
    commit(STORE.add_details(details(older)))
    commit(STORE.archive(older))
    for other in (
        {"state": State.RUNNING},
        {"state": State.TERMINATED, "lane": Lane()},
        {"state": State.TERMINATED, "persistent_home": False},
        {"state": State.TERMINATED, "delete_home": True},
    ):
        stored(tenant_id, **other)
    assert STORE.drop_homes(tenant_id, at(9), 1) == 1
    assert STORE.drop_homes(tenant_id, at(9), 10) == 1
    assert STORE.drop_homes(tenant_id, at(9), 10) == 0
    again = STORE.get(tenant_id, left.id)
    assert again == replace(left, delete_home=True, changed_at=at(9), revision=2)


def test_erasing_leaves_nothing(tenant_id: str) -> None:
    for _ in range(3):
        one = stored(tenant_id)
        commit(STORE.add_details(details(one)))
        commit(STORE.append(one, [Entry(NOW, None, State.RUNNING, "system", "started", None, 1)]))
    other = stored("ten-neighbour-" + tenant_id)
    assert any(STORE.erase(tenant_id) for _ in range(5))
    assert list(STORE.ever(tenant_id)) == []
    assert STORE.timeline(tenant_id, one.id, limit=5, after=None) == ([], None)
    assert STORE.details(tenant_id, one.id) is None
    assert STORE.get(other.tenant_id, other.id) == other


def test_what_a_stream_delivers_reads_as_the_list_does(tenant_id: str) -> None:
    one = stored(tenant_id, name="Ä desk", updated_at=NOW + timedelta(milliseconds=1))
    [shown], _ = STORE.page(tenant_id, user_id="usr-1", state=None, limit=5, after=None)
    assert (shown.id, shown.name, shown.updated_at) == (one.id, one.name, one.updated_at)
