"""How a world begins: backends of some size, a controller on each, an agent or two on machines of their
own."""

from dataclasses import dataclass, field
from random import Random

from agent.client.identity import Enrolment, public_key_text
from agent.worker.timings import Timings as AgentTimings
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Backend as BackendFacts
from chalicelib.protocol.agents import Capacity, EnrollRequest
from tests.simulation.disks import Disk
from tests.simulation.machines import Machine, MachineParts, identity
from tests.simulation.parts import Parts
from tests.simulation.plane import GIB, IMAGE, TINY_IMAGE, Plane, Tenancy
from tests.simulation.platforms import Backend, BackendParts


@dataclass
class Founder:
    """Adds to `parts`."""

    parts: Parts
    plane: Plane
    tenancy: Tenancy
    shape: Random
    backend_parts: BackendParts
    machine_parts: MachineParts
    timings: AgentTimings
    _machines: int = field(default=0)

    def found(self, number: int) -> None:
        """A backend with its agents."""
        backend = Backend(f"backend{number}", self.backend_parts)
        backend.world.backend_id = backend.name
        cores = self.shape.choice((1000, 2000, 4000, 8000))
        backend.world.capacity = Capacity(cpu_millis=cores, memory_bytes=16 * GIB)
        backend.world.images = {IMAGE, TINY_IMAGE} if self.shape.random() < 0.7 else set()
        backend.world.registry = {IMAGE: 4000, TINY_IMAGE: 400}
        self.parts.backends.append(backend)
        first = self.settle(backend, *self.enrol(backend, None))
        self.parts.places[first.controller_id] = backend
        if self.shape.random() < 0.5:
            self.settle(backend, *self.enrol(backend, first.controller_id))

    def enrol(self, backend: Backend, controller_id: str | None) -> tuple[Disk, Enrolment]:
        """An identity for one more agent, on a disk of its own. A call of the control plane."""
        disk = Disk()
        public_key = public_key_text(identity(disk).key())
        token = self.plane.enrollment.create_token(
            self.tenancy.tenant_id, self.tenancy.admin.user_id, name=backend.name, controller_id=controller_id
        )
        answer = self.plane.enrollment.enroll(
            EnrollRequest(
                token=token.secret,
                public_key=public_key,
                backend=BackendFacts(platform="fake", id=backend.name, name=backend.name),
                agent_version="simulated",
                protocol_version=PROTOCOL_VERSION,
            )
        )
        enrolment = Enrolment(
            url="https://simulated", platform="fake", token_sha256="", answer=answer, public_key=public_key
        )
        identity(disk).remember(enrolment)
        return disk, enrolment

    def settle(self, backend: Backend, disk: Disk, enrolment: Enrolment) -> Machine:
        """A machine with that identity."""
        name = f"agent{self._machines}@{backend.name[-1]}"
        machine = Machine(name, self.machine_parts, backend, enrolment, self.timings, disk)
        self._machines += 1
        self.parts.machines.append(machine)
        return machine
