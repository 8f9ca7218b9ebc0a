"""What a run says at its end."""

import json
from collections import Counter
from dataclasses import dataclass, field

_MOST, _WIDTH = 40, 600


@dataclass
class Result:
    """One run. `recovery` is the time from the last fault's end until nothing was wrong any more."""

    seed: int
    seconds: float
    sessions: dict[str, int] = field(default_factory=dict)
    ran: int = 0
    """Sessions that were running at least once."""
    requests: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    recovery: float | None = None
    violations: list[str] = field(default_factory=list)
    logs: str = ""

    @property
    def survived(self) -> bool:
        return not self.violations

    def line(self) -> str:
        """For programs."""
        return json.dumps(
            {
                "seconds": round(self.seconds, 1),
                "seed": self.seed,
                "sessions": sum(self.sessions.values()),
                "ran": self.ran,
                "faults": sum(self.faults.values()),
                "faults_by_kind": self.faults,
                "requests": self.requests,
                "survived": self.survived,
                "violations": [each[:_WIDTH] for each in self.violations[:_MOST]],
                "recovery_seconds": self.recovery and round(self.recovery, 1),
                **({} if self.survived else {"logs": self.logs}),
            }
        )

    def table(self) -> str:
        """For people."""
        lines = [f"Chaos, seed {self.seed}, {self.seconds:.0f} s", ""]
        for title, counts in (
            ("sessions by platform", self.sessions),
            ("accepted requests", self.requests),
            ("answers, failed attempts included", self.answers),
            ("faults", self.faults),
            ("processes started again", self.restarts),
        ):
            lines.append(f"{title} ({sum(counts.values())})")
            lines += [f"  {name:<28}{count:>6}" for name, count in sorted(counts.items())]
        lines += ["", f"{self.ran} of the sessions ran at least once."]
        if self.recovery is not None:
            lines.append(f"All was well {self.recovery:.1f} s after the last fault.")
        kinds = Counter(each.partition(":")[0] for each in self.violations)
        lines.append(
            "Nothing lost, doubled, orphaned or stuck; books equal reality; timelines legal."
            if self.survived
            else f"NOT SURVIVED: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
        )
        lines += [f"  {each[:_WIDTH]}" for each in self.violations[:_MOST]]
        if not self.survived:
            lines.append(f"Logs of all processes: {self.logs}")
        return "\n".join(lines)
