"""From a platform's name to its driver. Each is imported only when asked for: an agent on a Docker host
needs no Kubernetes client in memory."""

import os
import tempfile
from pathlib import Path

from agent.drivers.base import Driver, PermanentError
from chalicelib.protocol.agents import Backend
from chalicelib.protocol.instances import Reason

PLATFORMS = ("docker", "kubernetes", "fake")


CPU_OVERCOMMIT = 4.0


def open_driver(platform: str, controller_id: str, *, cpu_overcommit: float = CPU_OVERCOMMIT) -> Driver:
    """The driver of one controller. Does not speak to the platform yet. Raises `platform_unsupported`.

    Where the platform does not share out CPU itself, each core counts `cpu_overcommit` times: a session's
    CPU is a limit on what it may use at once, and sessions are seldom busy together. Memory never does.
    """
    match platform:
        case "docker":
            from agent.drivers.docker.driver import DockerDriver  # noqa: PLC0415

            return DockerDriver(controller_id, run_dir=run_dir(), cpu_overcommit=cpu_overcommit)
        case "kubernetes":
            from agent.drivers.kubernetes.driver import KubernetesDriver, open_cluster  # noqa: PLC0415

            return KubernetesDriver(
                controller_id,
                *open_cluster(os.environ),
                run_dir=run_dir(),
                cpu_overcommit=cpu_overcommit,
            )
        case "fake":
            from agent.drivers.fake import FakeDriver  # noqa: PLC0415
            from agent.drivers.fake_file import named_world  # noqa: PLC0415

            return FakeDriver(controller_id, named_world(os.environ))
    raise _unsupported(platform)


def detect_backend(platform: str) -> Backend:
    """Who the platform is, before there is a controller. Raises TemporaryError `platform_unavailable` while
    it does not answer, PermanentError `platform_unsupported`."""
    match platform:
        case "docker":
            from agent.drivers.docker.driver import read_backend  # noqa: PLC0415
            from agent.drivers.docker.engine import Engine  # noqa: PLC0415

            engine = Engine()
            try:
                return read_backend(engine)
            finally:
                engine.close()
        case "kubernetes":
            from agent.drivers.kubernetes import driver as kubernetes  # noqa: PLC0415

            cluster, _ = kubernetes.open_cluster(os.environ)
            try:
                return kubernetes.read_backend(cluster)
            finally:
                cluster.close()
        case "fake":
            from agent.drivers.fake import FakeDriver  # noqa: PLC0415
            from agent.drivers.fake_file import named_world  # noqa: PLC0415

            return FakeDriver("ctl-none", named_world(os.environ)).backend()
    raise _unsupported(platform)


def run_dir() -> Path:
    """Where sessions' sockets go: /run for root, else the user's own runtime directory."""
    if os.geteuid() == 0:
        return Path("/run/streamspace")
    own = os.environ.get("XDG_RUNTIME_DIR") or f"{tempfile.gettempdir()}/streamspace-{os.geteuid()}"
    return Path(own) / "streamspace"


def _unsupported(platform: str) -> PermanentError:
    known = ", ".join(PLATFORMS)
    return PermanentError(
        Reason(code="platform_unsupported", message=f"There is no driver for {platform}; there are: {known}.")
    )
