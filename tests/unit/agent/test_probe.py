"""What tells a supervisor that an agent hangs, and when it may rely on one."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.cli import main, probe
from agent.worker.status import StateLock

ROOT = Path(__file__).parents[3]
OK = {"state": "ok"}


def _told(state: Path, **parts: object) -> None:
    beat = {"polling": OK, "platform": OK, "streaming": OK, **parts}
    (state / "status.json").write_text(json.dumps({"heartbeat": beat}))


def test_alive_is_who_moves(tmp_path: Path) -> None:
    now = time.time()
    assert probe.hung(tmp_path, now) == f"No agent runs on {tmp_path}."
    with StateLock(tmp_path):
        assert probe.hung(tmp_path, time.time()) is None
        assert probe.hung(tmp_path, now + 61) == "The agent has not moved for 61 s."


async def test_a_turning_event_loop_touches_the_lock(tmp_path: Path) -> None:
    with StateLock(tmp_path) as lock:
        os.utime(tmp_path / "lock", (1, 1))
        task = asyncio.create_task(lock.pulse())
        await asyncio.sleep(0)
        task.cancel()
    assert probe.hung(tmp_path, time.time()) is None


def test_ready_is_who_is_enrolled_answered_and_well(tmp_path: Path) -> None:
    now = time.time()
    assert probe.unready(tmp_path, now) == "The agent is not enrolled yet."
    (tmp_path / "enrolment.json").write_text("{}")
    assert probe.unready(tmp_path, now) == "The control plane has not answered a heartbeat yet."
    _told(tmp_path)
    assert probe.unready(tmp_path, time.time()) is None
    assert "has not answered for" in (probe.unready(tmp_path, time.time() + 901) or "")
    _told(tmp_path, platform={"state": "failing", "reason": {"code": "x", "message": "It is away."}})
    assert probe.unready(tmp_path, time.time()) == "platform: It is away."


def test_a_new_process_is_not_ready_for_what_the_last_one_was_told(tmp_path: Path) -> None:
    (tmp_path / "enrolment.json").write_text("{}")
    _told(tmp_path)
    with StateLock(tmp_path):
        assert probe.unready(tmp_path, time.time()) is not None


def test_the_command_loads_the_standard_library_alone(tmp_path: Path) -> None:
    script = "import sys; import agent.cli.probe; print(' '.join(sys.modules))"
    asked = [sys.executable, "-c", script]
    loaded = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours = {name for name in loaded.split() if name.split(".")[0] in {"agent", "chalicelib", "pydantic"}}
    assert ours == {"agent", "agent.cli", "agent.cli.probe"}
    asked = [sys.executable, "-m", "agent.cli.probe", "alive"]
    done = subprocess.run(
        asked,
        cwd=ROOT,
        env={**os.environ, "STREAMSPACE_AGENT_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, f"No agent runs on {tmp_path}.\n")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No agent is enrolled"), ("\n", "No agent is enrolled")]
)
def test_a_token_file_that_is_missing_or_empty_is_no_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    given = ["--state", str(tmp_path / "state"), "--url", "http://127.0.0.1:9", "--token-file", str(file)]
    assert main.main(["run", *given]) == 2
    assert said in capsys.readouterr().err
    assert main.main(["enroll", *given]) == 2
    assert "holds no token" in capsys.readouterr().err
