"""Why a running instance is no more."""

from typing import Any

import pytest

from agent.drivers.kubernetes.reasons import ended_reason, last_lines
from agent.drivers.kubernetes.seen import Exit, Happening, Sight


def pod(**changes: Any) -> Sight:
    return Sight(**({"uid": "pod-1", "owner": "set-1", "node": "node-1", "running": True} | changes))


@pytest.mark.parametrize(
    ("seen", "code", "word"),
    [
        (pod(running=False, exit=Exit(1, "Error")), "instance_exited", "exit code 1"),
        (pod(restarts=1, exit=Exit(139, "Error")), "instance_exited", "exit code 139"),
        (pod(restarts=1, exit=Exit(255, "Unknown")), "node_lost", "restarted"),
        (pod(running=False, exit=Exit(137, "ContainerStatusUnknown")), "node_lost", "restarted"),
        (pod(running=False, exit=Exit(137, "OOMKilled")), "insufficient_memory", "more memory"),
        (pod(failed=True, why="Evicted", message="low on memory"), "evicted", "low on memory"),
        (pod(leaving=True, why="EvictionByEvictionAPI"), "evicted", "administrator"),
        (pod(leaving=True, why="PreemptionByScheduler"), "evicted", "room"),
        (pod(leaving=True, why="DeletionByTaintManager"), "node_lost", "node-1"),
        (pod(failed=True, why="Terminated", message="node shutdown"), "node_lost", "node-1"),
        (pod(failed=True, why="Strange", message="odd"), "instance_exited", "odd"),
        (pod(leaving=True), "instance_exited", "removed"),
        (pod(uid="pod-2", restarts=1, exit=Exit(1)), "instance_exited", "removed"),
        (None, "instance_exited", "removed"),
    ],
)
def test_what_became_of_it(seen: Sight | None, code: str, word: str) -> None:
    reason = ended_reason(seen, "pod-1", (), ())
    assert reason.code == code
    assert word in reason.message


def test_events_remember_a_pod_that_is_gone() -> None:
    events = [
        Happening("pod-2", "Evicted", "another's"),
        Happening("pod-1", "Started", "Started container session"),
        Happening("", "TaintManagerEviction", "Marking for deletion Pod a/b"),  # by name only
        Happening("pod-1", "Preempted", "Preempted by pod x on node node-1"),
    ]
    assert ended_reason(None, "pod-1", events, ()).code == "evicted"
    assert ended_reason(pod(uid="pod-3"), "pod-1", events, ()).code == "evicted"


def test_its_last_lines_are_told() -> None:
    seen = pod(running=False, exit=Exit(2, "Error", "\n".join(f"line {n}" for n in range(20))))
    assert last_lines(seen.exit) == [f"line {n}" for n in range(12, 20)]
    message = ended_reason(seen, "pod-1", (), last_lines(seen.exit)).message
    assert "line 12 | line 13" in message
    assert last_lines(None) == []


def test_what_it_printed_is_made_harmless() -> None:
    seen = pod(running=False, exit=Exit(2))
    message = ended_reason(seen, "pod-1", (), ["\x1b[31mred\x07", "x" * 2000]).message
    assert message.isprintable()
    assert len(message) < 600
