"""What a session's manifest becomes. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.migration.amounts import amounts
from chalicelib.migration.names import LABEL, label
from chalicelib.migration.notes import Blocked, Note, Spec
from chalicelib.migration.reading import Manifest
from chalicelib.sessions.service import NewSession


class Wanted(StrEnum):
    RUNNING = "running"
    HIBERNATED = "hibernated"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class ImportedSession:
    """`new` lacks the template's id: `template` is the name that the manifest gives."""

    name: str
    template: str
    user: str
    wanted: Wanted
    keeps_home: bool
    cpu_millis: int | None
    memory_bytes: int | None
    gpu: int | None
    notes: tuple[Note, ...]

    def new(self, template_id: str) -> NewSession:
        """What is asked for, once the template is known."""
        return NewSession(
            template_id=template_id,
            name=self.name[:80],
            cpu_millis=self.cpu_millis,
            memory_bytes=self.memory_bytes,
            gpu=self.gpu,
            labels={LABEL: label(self.name)},
        )


def imported(manifest: Manifest) -> ImportedSession:
    """Raises Blocked."""
    spec = Spec(manifest.spec)
    template, user = str(spec.take("template") or "")[:253], str(spec.take("user") or "")[:253]
    if not template:
        raise Blocked("spec.template", "It names no template.")
    if not user:
        raise Blocked("spec.user", "It names nobody whose session it is.")
    state = str(spec.take("state") or Wanted.RUNNING)
    if state not in list(Wanted):
        raise Blocked("spec.state", f"{state[:40]} is none of {', '.join(Wanted)}.")
    cpu, memory, gpu = amounts(spec, "resources")
    keeps_home = spec.take("persistentHome") is not False
    if keeps_home:
        spec.lost("persistentHome", "Files stay on the old system's volume: the home begins empty.")
    for name in ("idleTimeout", "maxSessionDuration"):
        if spec.take(name):
            spec.lost(name, "Sessions have no time limits of their own here.")
    if spec.items("tags"):
        spec.lost("tags", "Sessions have labels and no tags.")
    return ImportedSession(
        manifest.name, template, user, Wanted(state), keeps_home, cpu, memory, gpu, spec.close()
    )
