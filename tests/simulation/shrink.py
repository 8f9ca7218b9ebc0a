"""A failing seed, made as simple as it still fails: fewer kinds of fault, fewer wishes, a shorter storm."""

from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.world import Outcome, Plan, run

_TRACE_LINES = 120


def shrink(plan: Plan, most: int = 120) -> Outcome:
    """The simplest plan found within so many runs that still breaks something, and how it does. What it
    breaks may be something else than before: any violation is worth its trace."""
    best = run(plan)
    assert best.violation is not None, "it does not fail"
    runs = 0
    improved = True
    while improved and runs < most:
        improved = False
        for simpler in _simpler(best):
            runs += 1
            if runs > most:
                break
            tried = run(simpler)
            if tried.violation is not None:
                best, improved = tried, True
                break
    return best


def _simpler(outcome: Outcome) -> Iterator[Plan]:
    plan, violation = outcome.plan, outcome.violation
    assert violation is not None
    for part in (0.5, 0.75):
        yield replace(plan, wishes=int(plan.wishes * part))
    yield replace(plan, seconds=plan.seconds * 0.6)
    struck = [kind for kind, _ in outcome.faults.most_common()]
    half = len(struck) // 2
    if half > 1:
        yield replace(plan, off=plan.off | set(struck[:half]))
        yield replace(plan, off=plan.off | set(struck[half:]))
    for kind in struck:
        yield replace(plan, off=plan.off | {kind})


def told(outcome: Outcome) -> str:
    """The violation and what led to it, for people."""
    plan, violation = outcome.plan, outcome.violation
    assert violation is not None
    lines = list(outcome.trace.of(violation.session_id))
    left_out = [f"({len(lines) - _TRACE_LINES} earlier lines left out)"] if len(lines) > _TRACE_LINES else []
    struck = ", ".join(f"{kind} {count}" for kind, count in outcome.faults.most_common()) or "none"
    return "\n".join(
        [
            f"seed {plan.seed}: {violation.text}",
            f"session {violation.session_id or 'none'}; at second {violation.at:.1f}; {outcome.steps} steps",
            f"shrunk to {plan.wishes} wishes in {plan.seconds:.0f} s; faults: {struck}",
            *left_out,
            *lines[-_TRACE_LINES:],
        ]
    )
