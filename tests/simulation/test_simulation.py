"""A sample of seeds; that a run is a function of its seed; and that a broken rule does not go unnoticed."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.commands import rules
from chalicelib.quotas.service import Amount
from chalicelib.sessions import ledger, sweeper
from tests.simulation.mutants import mutated
from tests.simulation.mutation import Mutation
from tests.simulation.mutations import MUTATIONS
from tests.simulation.runner import run_many
from tests.simulation.shrink import shrink, told
from tests.simulation.world import Plan, run

_ROOT = Path(__file__).parents[2]
_SAMPLE = range(24)


@pytest.mark.feature("Whatever fails on the way, no command is lost and none is effective twice")
def test_a_sample_of_seeds_violates_nothing() -> None:
    report = run_many(_SAMPLE, 2)
    if report.violations:
        seed = min(each for each, _ in report.violations)
        pytest.fail(f"{told(shrink(Plan(seed), 40))}\n{report.line()}")
    assert report.steps > 10_000
    assert len(report.faults) > 25, "the weather is too good to prove anything"


def test_same_seed_same_run_whatever_the_hash_seed() -> None:
    found = {_digests(hash_seed) for hash_seed in ("0", "1")}
    assert len(found) == 1


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_every_rule_to_break_is_still_there(mutation: Mutation) -> None:
    text = (_ROOT / mutation.file).read_text()
    assert mutated(text, mutation) != text


def test_faults_that_are_left_out_do_not_happen() -> None:
    whole = run(Plan(3))
    assert whole.faults["request_crashed"]
    part = run(Plan(3, off=frozenset({"request_crashed"})))
    assert not part.faults["request_crashed"]


def _a_claim_takes_what_others_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_may_replace", lambda *_: True)


def _a_claim_does_not_raise_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    real = dataclasses.replace

    def replaced(lane: Any, **changes: Any) -> Any:
        if "holder" in changes and "fence" in changes:
            changes["fence"] = max(1, lane.fence)
        return real(lane, **changes)

    monkeypatch.setattr(rules, "replace", replaced)


def _nothing_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ledger.difference
    monkeypatch.setattr(ledger, "difference", lambda held, wanted: (real(held, wanted)[0], Amount()))


def _the_sweeper_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper.Sweeper, "attend", lambda *_args: None)


@pytest.mark.parametrize(
    "breaks",
    [
        _a_claim_takes_what_others_hold,
        _a_claim_does_not_raise_the_fence,
        _nothing_is_returned,
        _the_sweeper_rests,
    ],
)
def test_a_broken_rule_is_found(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    found = next((done for seed in range(40) if (done := run(Plan(seed))).violation), None)
    assert found is not None
    violation = found.violation
    assert violation is not None
    assert violation.text in told(found)


def _digests(hash_seed: str) -> str:
    code = (
        "from tests.simulation import environment; from tests.simulation.runner import run_one;"
        "import json; print(json.dumps([run_one(seed).digest for seed in (1, 5, 2, 25)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(_ROOT)},
    )
    assert len(json.loads(done.stdout.strip().splitlines()[-1])) == 4
    return done.stdout.strip().splitlines()[-1]
