"""`python -m tests.simulation.mutants`: does the simulation notice when a rule is broken?

Each mutation is made in a copy of the tree, and seeds are run there until something is violated. First the
copy as it is: where that is not clean, a violation proves nothing. Prints a table, then one line of JSON.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulation.mutations import MUTATIONS, Mutation

_ROOT = Path(__file__).resolve().parents[2]
_PARTS = ("agent", "chalicelib", "infra", "tests/simulation", "tests/support")
"""What a run imports."""
_MOST = 900
"""Seconds for one mutant."""


@dataclass(frozen=True)
class Verdict:
    """`said` is the violation, or why there is none to speak of."""

    mutation: Mutation | None
    caught: bool
    seeds: int
    said: str
    seconds: float

    @property
    def expected(self) -> bool:
        return self.mutation is not None and re.search(self.mutation.seen_as, self.said) is not None


def mutated(text: str, mutation: Mutation) -> str:
    """The file with the rule broken. Raises ValueError unless there is exactly one such place."""
    if text.count(mutation.before) != 1:
        raise ValueError(
            f"{mutation.name}: {text.count(mutation.before)} places in {mutation.file}: {mutation.before!r}"
        )
    return text.replace(mutation.before, mutation.after)


def judged(mutation: Mutation | None, seeds: int, start: int, jobs: int) -> Verdict:
    """Run one mutant (or the tree as it is) until something is violated."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="streamspace-mutant-") as folder:
        tree = Path(folder)
        for part in _PARTS:
            # With what Python compiled of it: times are kept, so it is valid there too.
            shutil.copytree(_ROOT / part, tree / part)
        if mutation is not None:
            file = tree / mutation.file
            file.write_text(mutated(file.read_text(), mutation))
        asked = [f"--seeds={seeds}", f"--start={start}", f"--jobs={jobs}", "--json", "--first"]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tests.simulation", *asked],
                cwd=tree,
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
                capture_output=True,
                text=True,
                timeout=_MOST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(mutation, True, seeds, "it does not end", time.monotonic() - began)
    return _verdict(mutation, done, time.monotonic() - began)


def _verdict(mutation: Mutation | None, done: "subprocess.CompletedProcess[str]", seconds: float) -> Verdict:
    lines = done.stdout.strip().splitlines()
    if done.returncode not in (0, 1) or not lines or not lines[-1].startswith("{"):
        # It fell over before it could say anything: that proves nothing about the invariants.
        return Verdict(mutation, False, 0, f"no report: {done.stderr.strip()[-200:]}", seconds)
    report: dict[str, Any] = json.loads(lines[-1])
    found = report["violations"]
    said = found[0]["text"] if found else ""
    return Verdict(mutation, bool(found), report["runs"], said, seconds)


def _row(verdict: Verdict) -> str:
    assert verdict.mutation is not None
    how = "SURVIVED" if not verdict.caught else "caught" if verdict.expected else "caught otherwise"
    said = verdict.said if len(verdict.said) < 90 else f"{verdict.said[:87]}..."
    return f"{how:<17}{verdict.seeds:>4} seeds {verdict.seconds:>4.0f} s  {verdict.mutation.name}: {said}"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("--seeds", type=int, default=200, help="at most so many for each")
    parser.add_argument("--start", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--unproven", action="store_true", help="do not run the tree as it is first")
    asked = parser.parse_args()
    chosen = [each for each in MUTATIONS if asked.only in each.name]
    if not asked.unproven:
        clean = judged(None, asked.seeds, asked.start, asked.jobs)
        if clean.caught or not clean.seeds:
            print(f"The tree as it is is not clean, so nothing can be learnt from mutants: {clean.said}")
            return 2
    verdicts = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for verdict in pool.map(lambda each: judged(each, asked.seeds, asked.start, 1), chosen):
            verdicts.append(verdict)
            print(_row(verdict), flush=True)
    survived = [each.mutation.name for each in verdicts if each.mutation and not each.caught]
    line = {
        "mutants": len(verdicts),
        "caught": len(verdicts) - len(survived),
        "as_expected": sum(each.caught and each.expected for each in verdicts),
        "survived": survived,
    }
    print(json.dumps(line))
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
