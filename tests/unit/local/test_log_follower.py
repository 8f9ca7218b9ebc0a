"""`make run` shows what went wrong, and not the rest."""

from pathlib import Path

from infra.local.logs import Follower


def test_new_warnings_are_shown_with_their_process(tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    log.write_text("12:00 warning old\n")
    said: list[str] = []
    follower = Follower(tmp_path, said.append)
    with log.open("a") as file:
        file.write("12:01 info    worker: fine\n12:02 warning worker: not fine\n12:03 warning worker: ha")
    (tmp_path / "api.log").write_text("2026 ERROR uvicorn broken\n")
    follower.look()
    follower.look()
    assert said == ["agent: 12:02 warning worker: not fine", "api: 2026 ERROR uvicorn broken"]
    with log.open("a") as file:
        file.write("lf\n")
    follower.look()
    assert said[-1] == "agent: 12:03 warning worker: half"


def test_a_log_that_was_cut_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("x" * 1000 + "\n")
    said: list[str] = []
    follower = Follower(tmp_path, said.append)
    log.write_text("ERROR again\n")
    follower.look()
    assert said == ["api: ERROR again"]
