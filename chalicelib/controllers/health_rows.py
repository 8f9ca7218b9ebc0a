"""The health of an agent's parts as rows keep it: only what fails, since a row's size is its price."""

from pydantic import RootModel

from chalicelib.controllers.rules import HealthReport
from chalicelib.protocol.agents import Health, PartHealth
from chalicelib.protocol.instances import Reason

_CODE_LENGTH, _MESSAGE_LENGTH = 64, 300
_PARTS = ("polling", "platform", "streaming")


class Failing(RootModel[dict[str, Reason | None]]):
    """Failing parts by name, with why."""


def failing(health: HealthReport) -> dict[str, Reason | None]:
    """What fails, with reasons of bounded length."""
    found: dict[str, Reason | None] = {}
    for name in _PARTS:
        part: PartHealth | None = getattr(health, name)
        if part is not None and part.state is Health.FAILING:
            reason = part.reason
            found[name] = reason and Reason(
                code=reason.code[:_CODE_LENGTH], message=reason.message[:_MESSAGE_LENGTH]
            )
    return found


def report(bad: dict[str, Reason | None]) -> HealthReport:
    """The whole report, in which everything else is well."""

    def part(name: str) -> PartHealth:
        if name not in bad:
            return PartHealth(state=Health.OK)
        return PartHealth(state=Health.FAILING, reason=bad[name])

    return HealthReport(*(part(name) for name in _PARTS))


def packed(health: HealthReport) -> str | None:
    """JSON; None when nothing fails."""
    bad = failing(health)
    return Failing(bad).model_dump_json() if bad else None


def unpacked(text: str | None) -> HealthReport:
    """Of a row that a heartbeat wrote."""
    return report(Failing.model_validate_json(text).root if text else {})
