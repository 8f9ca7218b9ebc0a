"""Reports on their way, and what of them a new process finds."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.worker.fences import Fences
from agent.worker.outbox import Entry, Outbox, Report
from agent.worker.shelf import Shelf
from chalicelib.protocol.commands import Outcome
from chalicelib.protocol.instances import Progress, Reason, Stage

A, B = "ses-01kb0000000000000000000001", "ses-01kb0000000000000000000002"
COMMAND = "cmd-01kb0000000000000000000001"


async def inline(call: Any) -> Any:
    return call()


def result(session: str, fence: int = 1) -> Report:
    return Report(session_id=session, fence=fence, command_id=COMMAND, outcome=Outcome.SUCCEEDED)


def stage(session: str, stage: Stage, done: int | None = None) -> Report:
    progress = None if done is None else Progress(done=done, total=100)
    return Report(session_id=session, fence=1, stage=stage, progress=progress)


def head(outbox: Outbox, session: str) -> Entry:
    entry = outbox.head(session)
    assert entry is not None
    return entry


async def test_order_is_kept_per_session_and_over_a_restart(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, inline)
    for fence in range(1, 15):
        await outbox.add(result(A if fence % 2 else B, fence))
    again = Outbox(tmp_path, inline)
    sent = []
    while again.sessions():
        for session in again.sessions():
            entry = head(again, session)
            sent.append(entry.report.fence)
            await again.done(entry)
    assert [fence for fence in sent if fence % 2] == [1, 3, 5, 7, 9, 11, 13]
    assert [fence for fence in sent if not fence % 2] == [2, 4, 6, 8, 10, 12, 14]
    assert len(Outbox(tmp_path, inline)) == 0


async def test_progress_coalesces_and_never_follows_a_result(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, inline)
    for done in range(100):
        outbox.progress(stage(A, Stage.PULLING, done))
    assert len(outbox) == 1
    sending = head(outbox, A)
    assert sending.report.progress == Progress(done=99, total=100)
    outbox.progress(stage(A, Stage.CREATING))
    outbox.progress(stage(A, Stage.CONNECTING))
    assert len(outbox) == 2  # the one being sent stays
    await outbox.add(result(A))
    assert len(outbox) == 2
    await outbox.done(sending)
    assert head(outbox, A).report.outcome is Outcome.SUCCEEDED
    assert head(outbox, A).sequence > sending.sequence
    assert len(Outbox(tmp_path, inline)) == 1  # progress is not on disk


async def test_what_was_not_accepted_may_be_coalesced_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, inline)
    outbox.progress(stage(A, Stage.PULLING))
    outbox.later(head(outbox, A))
    outbox.progress(stage(A, Stage.CREATING))
    assert head(outbox, A).report.stage is Stage.CREATING
    assert len(outbox) == 1


async def test_a_claim_can_wait_for_the_result_before_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, inline)
    outbox.progress(stage(A, Stage.PULLING))
    await asyncio.wait_for(outbox.until_told(A), 1)
    await outbox.add(result(A))
    assert outbox.has_result(COMMAND)
    waiting = asyncio.create_task(outbox.until_told(A))
    await outbox.add(result(B))
    await outbox.done(head(outbox, B))
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.done(head(outbox, A))
    await asyncio.wait_for(waiting, 1)


async def test_a_full_disk_keeps_reports_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.worker import shelf

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    outbox = Outbox(tmp_path, inline)
    with monkeypatch.context() as patch:
        patch.setattr(shelf, "write_atomically", full)
        await outbox.add(result(A))
    assert outbox.trouble is not None
    assert head(outbox, A).report == result(A)
    await outbox.add(result(B))
    assert outbox.trouble is None
    await outbox.done(head(outbox, A))


def test_damaged_files_are_set_aside(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Report)
    shelf.put("1", result(A), durable=False)
    (tmp_path / "2.json").write_text("")
    (tmp_path / ".3.json.tmp").write_text("{")
    assert list(shelf.load()) == ["1"]
    assert (tmp_path / "2.damaged").exists()
    assert oct((tmp_path / "1.json").stat().st_mode & 0o777) == "0o600"


def test_fences_only_grow_and_survive(tmp_path: Path) -> None:
    fences = Fences(tmp_path)
    fences.raise_to(A, 3)
    fences.raise_to(A, 2)
    fences.raise_to(B, 1)
    fences.forget(A, up_to=2)
    again = Fences(tmp_path)
    assert (again.get(A), again.get(B)) == (3, 1)
    again.forget(A, up_to=3)
    assert again.get(A) is None
    assert Fences(tmp_path).all() == {B: 1}


def test_an_ending_is_lasting() -> None:
    ended = Report(session_id=A, fence=1, ended=Reason(code="instance_exited", message="x"))
    assert ended.lasting
    assert not stage(A, Stage.PULLING).lasting
