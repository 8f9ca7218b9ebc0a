"""When the local stack's agent has to enrol: the first time, and when the stack is called by another name."""

import json
from pathlib import Path

from infra.local.agent import enrolled
from infra.local.settings import read


def test_an_agent_that_enrolled_under_another_url_enrols_anew(tmp_path: Path) -> None:
    here = read({"STREAMSPACE_HOME": str(tmp_path), "STREAMSPACE_PUBLIC_URL": "http://198.18.0.1:8080"})
    before = read({"STREAMSPACE_HOME": str(tmp_path)})
    assert not enrolled(here)
    here.agent_state.mkdir()
    (here.agent_state / "enrolment.json").write_text(json.dumps({"url": before.public_url}))
    assert enrolled(before)
    assert not enrolled(here)
    # It is out of the agent's way, which would keep to it otherwise.
    assert not list(here.agent_state.iterdir())
