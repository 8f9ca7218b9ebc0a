"""Agents' states, a controller's health from theirs, keys' ids and times, queues' names."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.controllers.agent_rules import (
    Agent,
    AgentKey,
    AgentState,
    agent_state,
    health_of,
    mark,
    wants_rotation,
)
from chalicelib.controllers.health_rows import packed, unpacked
from chalicelib.controllers.queue_names import command_queue, dead_queue, up_to
from chalicelib.controllers.rules import Contact, HealthReport
from chalicelib.core.config import Timings
from chalicelib.core.ids import is_id
from chalicelib.protocol import PROTOCOL_VERSION, spoken
from chalicelib.protocol.agents import Health, PartHealth
from chalicelib.protocol.instances import Reason
from chalicelib.protocol.keys import rotated_key_id, rotation_proof

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIMINGS = Timings()
OK = PartHealth(state=Health.OK)
BAD = PartHealth(state=Health.FAILING, reason=Reason(code="broken", message="It is broken."))
WELL, SICK, WORSE = HealthReport(OK, OK, OK), HealthReport(OK, BAD, OK), HealthReport(BAD, BAD, OK)


def agent(name: str, health: HealthReport = WELL, seen: float | None = 0, interval: float = 30) -> Agent:
    """Last heard from `seen` seconds ago."""
    contact = None if seen is None else Contact(NOW - timedelta(seconds=seen), interval, "1", 1)
    return Agent("ten-1", "ctl-1", name, f"key-{name}", NOW, contact=contact, health=health)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [(None, AgentState.NEVER_SEEN), (0, AgentState.ACTIVE), (97, AgentState.ACTIVE), (98, AgentState.SILENT)],
)
def test_an_agent_is_silent_after_three_missed_heartbeats(seen: float | None, expected: AgentState) -> None:
    assert agent_state(agent("a", seen=seen), NOW, TIMINGS) is expected
    slow = agent("a", seen=seen, interval=300)
    assert agent_state(slow, NOW, TIMINGS) is (AgentState.NEVER_SEEN if seen is None else AgentState.ACTIVE)


def test_a_controller_is_as_well_as_the_healthiest_agent_that_is_heard_from() -> None:
    assert health_of([agent("a", SICK), agent("b"), agent("c", WORSE)], NOW, TIMINGS) == WELL
    assert health_of([agent("a", WORSE), agent("b", SICK)], NOW, TIMINGS) == SICK
    assert health_of([agent("a", seen=500), agent("b", SICK)], NOW, TIMINGS) == SICK
    assert health_of([agent("a", seen=None), agent("b", SICK)], NOW, TIMINGS) == SICK
    assert health_of([], NOW, TIMINGS) == HealthReport()


@given(st.permutations([agent("a", SICK), agent("b", HealthReport(BAD, OK, OK)), agent("c", WORSE)]))
def test_the_order_of_agents_makes_no_controller_flap(agents: list[Agent]) -> None:
    assert health_of(agents, NOW, TIMINGS) == SICK


@given(st.sampled_from([WELL, SICK, WORSE]))
def test_health_survives_its_row(health: HealthReport) -> None:
    assert unpacked(packed(health)) == health


def test_a_long_reason_is_cut() -> None:
    part = PartHealth(state=Health.FAILING, reason=Reason(code="c" * 500, message="m" * 5000))
    kept = packed(HealthReport(part, OK, OK))
    assert kept is not None
    assert len(kept) < 450


def test_rotation_is_asked_of_whoever_signs_with_an_old_present_key() -> None:
    old = replace(agent("a"), created_at=NOW - timedelta(days=30))
    assert wants_rotation(old, "key-a", NOW, TIMINGS)
    assert not wants_rotation(old, "key-before", NOW, TIMINGS)
    assert not wants_rotation(replace(old, rotated_at=NOW), "key-a", NOW, TIMINGS)
    assert not wants_rotation(agent("a"), "key-a", NOW, TIMINGS)


def test_a_key_is_accepted_until_its_time() -> None:
    key = AgentKey("key-1", "", "ten-1", "ctl-1", "agt-1")
    assert key.accepted(NOW)
    ending = replace(key, valid_until=NOW)
    assert ending.accepted(NOW - timedelta(seconds=1))
    assert not ending.accepted(NOW)
    assert not replace(key, revoked=True).accepted(NOW)
    changed = replace(agent("a"), previous_key_id="key-0", previous_until=NOW)
    assert changed.accepted_keys(NOW - timedelta(seconds=1)) == ("key-a", "key-0")
    assert changed.accepted_keys(NOW) == ("key-a",)


@given(st.binary(min_size=32, max_size=32))
def test_a_rotated_keys_id_follows_from_the_key(raw: bytes) -> None:
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    found = rotated_key_id(text)
    assert is_id(found, "key")
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(raw).digest())
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    assert found[4:] == "".join(alphabet[int(bits[at : at + 5], 2)] for at in range(0, 130, 5))


def test_what_a_new_key_signs() -> None:
    assert rotation_proof("key-1", "AAAA") == b"streamspace-key-rotation\nkey-1\nAAAA"


@pytest.mark.parametrize("boot_id", ["", "short", "a" * 36])
def test_a_mark_of_a_mark_is_itself(boot_id: str) -> None:
    """Rows from before held whole ids; what is read is marked again."""
    assert len(mark(boot_id)) <= 8
    assert mark(mark(boot_id)) == mark(boot_id)


def test_queues_names() -> None:
    controller = "ctl-01kb0000000000000000000000"
    assert command_queue(controller, 0) == controller
    assert up_to(command_queue(controller, 2)) == (controller, f"{controller}-1", f"{controller}-2")
    assert dead_queue(command_queue(controller, 2)) == dead_queue(controller) == f"{controller}-dead"


def test_both_sides_speak_the_lower_version() -> None:
    assert spoken(PROTOCOL_VERSION + 3) == PROTOCOL_VERSION
    assert spoken(PROTOCOL_VERSION - 1) == PROTOCOL_VERSION - 1
