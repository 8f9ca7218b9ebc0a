"""How an instance is reached: at its pod's address from inside the cluster, else by a local socket whose
connections the API server forwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agent.drivers.base import DriverError, Endpoint
from agent.drivers.handshake import http_answers, http_answers_on, rfb_answers, rfb_answers_at
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.forward import Forwards
from agent.drivers.kubernetes.seen import Sight
from chalicelib.protocol.instances import InstanceSpec


@dataclass(frozen=True)
class Reach:
    """`forwards` None: by address."""

    forwards: Forwards | None
    opened: set[str] = field(default_factory=set)
    """Sessions that have a socket here."""

    def endpoint(
        self, session_id: str, pod: Sight, port: int, *, password: str | None, incarnation: int
    ) -> Endpoint | None:
        """None while it has no address."""
        if self.forwards is not None:
            path = str(self._open(self.forwards, session_id, pod, port))
            return Endpoint(socket_path=path, password=password, incarnation=incarnation)
        if pod.address is None:
            return None
        return Endpoint(host=pod.address, port=port, password=password, incarnation=incarnation)

    def probe(self, spec: InstanceSpec, pod: Sight) -> Callable[[], bool]:
        """One attempt of the handshake, on the way that streams will take. Raises `platform_unauthorized`."""
        port, vnc = naming.port(spec), spec.protocol == "vnc"
        if self.forwards is not None:
            path = self._open(self.forwards, spec.session_id, pod, port)
            answers = partial(rfb_answers if vnc else http_answers_on, path)
            return partial(_forwarded, answers, partial(self.forwards.refusal, spec.session_id))
        return partial(rfb_answers_at if vnc else http_answers, str(pod.address), port)

    def forget(self, *sessions: str) -> None:
        """They have no instance any more."""
        if self.forwards is not None:
            for each in sessions:
                self.opened.discard(each)
                self.forwards.forget(each)

    def _open(self, forwards: Forwards, session_id: str, pod: Sight, port: int) -> Path:
        self.opened.add(session_id)
        return forwards.open(session_id, pod.name, port)

    def close(self) -> None:
        if self.forwards is not None:
            self.forwards.close()


def _forwarded(answers: Callable[[], bool], refusal: Callable[[], DriverError | None]) -> bool:
    if answers():
        return True
    if error := refusal():
        raise error
    return False
