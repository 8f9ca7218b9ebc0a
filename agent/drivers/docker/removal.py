"""Taking a session's instances away, with all that belongs to them but the home."""

from agent.drivers.docker.engine import Container, Engine
from agent.drivers.docker.files import Files
from agent.drivers.docker.networks import Networks
from agent.drivers.labels import CONTROLLER, INCARNATION, SESSION, number


def session_containers(engine: Engine, controller_id: str, session_id: str) -> tuple[Container, ...]:
    """Those of one session, running or not, that carry the controller's own label."""
    return engine.containers({CONTROLLER: controller_id, SESSION: session_id})


def incarnation(container: Container) -> int:
    """From its label; 0, older than all, if the label is damaged."""
    return number(container.labels, INCARNATION)


def remove_instances(
    engine: Engine,
    files: Files,
    networks: Networks,
    session_id: str,
    *,
    before_incarnation: int | None = None,
) -> None:
    """Containers of every incarnation (or only those below); with the last one its directories, and the
    networks that nobody else uses."""
    found = session_containers(engine, files.controller_id, session_id)
    doomed = [c for c in found if before_incarnation is None or incarnation(c) < before_incarnation]
    if len(doomed) == len(found):
        files.ask_to_stop(session_id)
    for container in doomed:
        engine.remove(container.id)
    if len(doomed) == len(found):
        files.discard(session_id)
    networks.release()
