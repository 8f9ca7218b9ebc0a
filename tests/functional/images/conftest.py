"""Running a session image as the Docker driver does: hardened, without a network, its socket in a mount."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.functional.images.rfb_client import RfbClient

TAG = os.environ.get("IMAGE_TAG") or "dev"
UID = 1000


class RunningImage:
    """A container of a session image, and the way to its display."""

    def __init__(self, container: Any, folder: Path, password: str) -> None:
        self.container = container
        self.password = password
        self.socket = folder / "rfb.sock"

    def connect(self, seconds: float = 20) -> RfbClient:
        """A signed-in client, as soon as the display answers."""
        end = time.monotonic() + seconds
        while True:
            try:
                return RfbClient(self.socket, self.password)
            except (FileNotFoundError, ConnectionError):
                assert time.monotonic() < end, f"no display after {seconds} s:\n{self.log()}"
                time.sleep(0.02)

    def run(self, *command: str, user: str = "") -> str:
        """What a command prints that is run inside, by the session's own user."""
        return str(self.container.exec_run(list(command), user=user).output.decode())

    def log(self) -> str:
        return str(self.container.logs().decode())

    def stop(self) -> tuple[int, float]:
        """Asks it to end: its exit status, and how long that took in seconds."""
        began = time.monotonic()
        self.container.stop(timeout=10)
        took = time.monotonic() - began
        return int(self.container.wait()["StatusCode"]), took


Start = Callable[..., RunningImage]


@pytest.fixture(scope="session")
def docker_client() -> Any:
    return docker.from_env()


@contextmanager
def _running(
    client: Any, name: str, *, environment: dict[str, str] | None = None, command: list[str] | None = None
) -> Iterator[RunningImage]:
    image = f"streamspace/{name}:{TAG}"
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        pytest.fail(f"{image} is not built; `make images` builds it")
    # Not pytest's folder: the path of a unix socket has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ss-"))
    password = secrets.token_urlsafe(6)
    (folder / "vnc-password").write_text(password)
    (folder / "vnc-password").chmod(0o400)
    if os.geteuid() == 0:
        for path in (folder, folder / "vnc-password"):
            os.chown(path, UID, UID)
    home = client.volumes.create(labels={"streamspace.test": "images"})
    container = client.containers.create(
        image,
        command,
        environment=environment or {},
        init=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        network_mode="none",
        tmpfs={"/tmp": "", "/var/tmp": "", "/run": ""},
        volumes={home.name: {"bind": "/home/user"}, str(folder): {"bind": "/streamspace"}},
        pids_limit=1024,
        mem_limit="2g",
        shm_size="512m",
        labels={"streamspace.test": "images"},
    )
    try:
        container.start()
        yield RunningImage(container, folder, password)
    finally:
        container.remove(force=True)
        home.remove()
        shutil.rmtree(folder)


@pytest.fixture
def start(docker_client: Any) -> Iterator[Start]:
    """Starts an image by name, with an environment if given; all is removed after the test."""
    with ExitStack() as stack:

        def begin(name: str, **settings: Any) -> RunningImage:
            return stack.enter_context(_running(docker_client, name, **settings))

        yield begin
