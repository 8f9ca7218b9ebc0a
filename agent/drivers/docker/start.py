"""One start: remnants, image, directory, network, container, handshake. All of it, or only the home stays."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.drivers.base import Cancelled, DriverError, PermanentError, Progressing, Step, lost
from agent.drivers.docker import exits, naming
from agent.drivers.docker.engine import Container, Engine
from agent.drivers.docker.errors import permanent
from agent.drivers.docker.files import Files
from agent.drivers.docker.naming import NetworkKind
from agent.drivers.docker.networks import Networks
from agent.drivers.docker.pull import pull
from agent.drivers.docker.removal import incarnation, remove_instances, session_containers
from agent.drivers.docker.spec import create_body, network_kind
from agent.drivers.handshake import http_answers, rfb_answers
from agent.drivers.labels import CONTROLLER
from agent.drivers.waiting import Patience, wait_for_answer
from chalicelib.protocol.instances import InstanceSpec, Stage


@dataclass(frozen=True)
class Starter:
    """What a start works with. `memory` gives the host's bytes."""

    engine: Engine
    files: Files
    networks: Networks
    patience: Patience
    memory: Callable[[], int]

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        """Run the steps; on failure remove what there is of this incarnation.

        An instance that already ran survives a cancellation: this call did not make it, and what supersedes
        the command decides over it.
        """
        ran = False
        try:
            current = self._settle_incarnations(spec)
            ran = current is not None and current.running
            container_id = self._bring_up(spec, current, progressing)
            progressing(Step(Stage.CONNECTING))
            self._connect(spec, container_id, progressing)
        except BaseException as error:
            if not (isinstance(error, Cancelled) and ran) and not lost(error, progressing):
                self._clean(spec)
            raise

    def _clean(self, spec: InstanceSpec) -> None:
        with contextlib.suppress(DriverError):  # the platform is gone: `remove` finds it all later
            below = spec.incarnation + 1
            remove_instances(
                self.engine, self.files, self.networks, spec.session_id, before_incarnation=below
            )

    def _settle_incarnations(self, spec: InstanceSpec) -> Container | None:
        """Remove older ones; return the one asked for, if it exists. A newer one wins over this call."""
        found = session_containers(self.engine, self.files.controller_id, spec.session_id)
        if any(incarnation(container) > spec.incarnation for container in found):
            raise permanent("superseded", "A newer instance of this session exists on this controller.")
        for container in found:
            if incarnation(container) < spec.incarnation:
                self.engine.remove(container.id)
        return next((container for container in found if incarnation(container) == spec.incarnation), None)

    def _bring_up(self, spec: InstanceSpec, current: Container | None, progressing: Progressing) -> str:
        """The id of a container that runs."""
        if current is not None and current.running:
            self.files.expect_running(spec.session_id)
            return current.id
        if current is None:
            self._check(spec)
            if not self.engine.has_image(spec.image):
                pull(self.engine, spec.image, progressing)
        progressing(Step(Stage.CREATING))
        kind = network_kind(spec) if current is None else NetworkKind(current.labels[naming.NETWORK])
        with self.networks.hold(kind):
            directory = self.files.prepare(spec.session_id)
            if current is not None:
                container_id = current.id
            else:
                body = create_body(self.files.controller_id, spec, directory)
                container_id = self._create(naming.container_name(spec.session_id, spec.incarnation), body)
                progressing(Step(Stage.CREATING))
            self.engine.start(container_id)
        return container_id

    def _check(self, spec: InstanceSpec) -> None:
        """What Docker would accept and then not do."""
        if spec.resources.memory_bytes > self.memory():
            raise permanent(
                "insufficient_memory", "The instance asks for more memory than the Docker host has."
            )
        if spec.resources.gpu:
            raise permanent("insufficient_gpu", "This controller's Docker host offers no GPUs to sessions.")
        if spec.persistent_home:
            labels = self.engine.volume_labels(naming.home_name(spec.session_id))
            if labels is not None and labels.get(CONTROLLER) != self.files.controller_id:
                raise permanent(
                    "home_taken", "A volume that this controller did not make has the name of the home."
                )

    def _create(self, name: str, body: Mapping[str, Any]) -> str:
        container_id = self.engine.create(name, body)
        if container_id is None:
            raise permanent(
                "name_taken", f"A container {name} that this controller did not make is in the way."
            )
        return container_id

    def _connect(self, spec: InstanceSpec, container_id: str, progressing: Progressing) -> None:
        def check() -> None:
            progressing(Step(Stage.CONNECTING))
            state = self.engine.state(container_id)
            if state is None or not state.running:
                raise PermanentError(
                    exits.exit_reason(state, self.engine.last_lines(container_id, exits.LINES))
                )

        wait_for_answer(self._probe(spec, container_id), check, self.patience)

    def _probe(self, spec: InstanceSpec, container_id: str) -> Callable[[], bool]:
        if spec.protocol == "vnc":
            return partial(rfb_answers, self.files.socket(spec.session_id))
        if spec.port is None:
            raise permanent("invalid_template", "The template's protocol is http, but it names no port.")
        return partial(_any_answers, self.engine.addresses(container_id), spec.port)


def _any_answers(addresses: Sequence[str], port: int) -> bool:
    return any(http_answers(address, port) for address in addresses)
