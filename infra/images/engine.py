"""Docker, as the builder needs it. Nothing else in this package speaks to it.

It is used through its API, not its command: the API's builder is the same on every version, while what
`docker build` does depends on the client, its plug-ins and the environment.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from infra.images import output
from infra.images.context import File, archive
from infra.images.errors import BuildError
from infra.images.plan import Image

LABEL = "streamspace.inputs"
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_TAIL = 15
_BUILD_SECONDS = 1800.0
"""A builder that is silent for that long is stuck."""
_NEEDED_BYTES = 4 << 30

Heard = Callable[[str], None]


class Engine:
    """A Docker daemon and the tag under which images are kept there."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        try:
            self._client: Any = docker.from_env(timeout=_BUILD_SECONDS)
            self._client.ping()
        except DockerException as error:
            raise BuildError(_unavailable(error)) from error

    def name(self, image: str) -> str:
        """What an image is called: `streamspace/<image>:<tag>`."""
        return f"{self._repository(image)}:{self._tag}"

    def find(self, image: str) -> Image | None:
        """The image of that name, if it is there."""
        try:
            facts = self._client.api.inspect_image(self.name(image))
        except ImageNotFound:
            return None
        labels = facts["Config"].get("Labels") or {}
        return Image(facts["Id"], labels.get(LABEL), facts["Size"])

    def architecture(self) -> str:
        """The daemon's, as Go names it: `amd64`, `arm64`."""
        return str(self._client.version()["Arch"])

    def check_space(self) -> None:
        """Raises BuildError when Docker's disk has less room than building wants."""
        root = Path(self._client.info()["DockerRootDir"])
        # A daemon on another machine, or one whose folder we may not see, is taken at its word.
        if root.is_dir() and (free := shutil.disk_usage(root).free) < _NEEDED_BYTES:
            raise BuildError(
                f"{root} has {free >> 20} MB left, and building the images needs {_NEEDED_BYTES >> 20}. "
                "`docker system df` shows what Docker itself holds."
            )

    def pull(self, reference: str, *, patience: float, heard: Heard) -> bool:
        """Whether `reference` could be pulled; given up when nothing comes for `patience` seconds."""
        client: Any = docker.from_env(timeout=patience)
        try:
            for message in client.api.pull(reference, stream=True, decode=True):
                if "error" in message:
                    return False
                heard(f"{message.get('status', '')} {message.get('progress', '')}")
        # The time-out surfaces as whatever the HTTP library beneath raises.
        except (DockerException, OSError):
            return False
        finally:
            client.close()
        return True

    def import_root(self, image: str, archive_path: Path, inputs: str) -> None:
        """An image from an archive of a whole file system."""
        before = self.find(image)
        changes = [f"LABEL {LABEL}={inputs}", 'CMD ["bash"]']
        try:
            answer = self._client.api.import_image_from_file(
                str(archive_path), repository=self._repository(image), tag=self._tag, changes=changes
            )
        except APIError as error:
            raise _failure(image, str(error), ()) from error
        if self.find(image) is None:
            raise _failure(image, str(answer), ())
        self._forget(before, image)

    def build(
        self, image: str, files: tuple[File, ...], inputs: str, arguments: Mapping[str, str], heard: Heard
    ) -> None:
        """Runs a build; `heard` gets each line. Raises BuildError with the last lines of a failed one."""
        before = self.find(image)
        proxies = {name: value for name in PROXIES if (value := _environment(name))}
        tail: list[str] = []
        try:
            messages = self._client.api.build(
                fileobj=archive(files),
                custom_context=True,
                tag=self.name(image),
                buildargs={**proxies, **arguments},
                labels={LABEL: inputs},
                # The host's own network: its resolver and a proxy on its loopback work there as well.
                network_mode="host",
                rm=True,
                forcerm=True,
                decode=True,
            )
            for message in messages:
                if "error" in message:
                    raise _failure(image, message["error"], tail)
                for line in filter(str.strip, message.get("stream", "").splitlines()):
                    tail = [*tail, line][-_TAIL:]
                    heard(line)
        except (APIError, OSError) as error:
            raise _failure(image, str(error), tail) from error
        self._forget(before, image)

    def _repository(self, image: str) -> str:
        return f"streamspace/{image}"

    def _forget(self, before: Image | None, image: str) -> None:
        """Removes what `image` was before, unless a session or another image still stands on it."""
        after = self.find(image)
        if before is None or after is None or before.id == after.id:
            return
        try:
            self._client.api.remove_image(before.id)
        except APIError:
            return


def _environment(name: str) -> str | None:
    return os.environ.get(name) or os.environ.get(name.upper())


def _unavailable(error: Exception) -> str:
    if "permission" in str(error).lower():
        return (
            "You may not use Docker. Add yourself to its group (`sudo usermod -aG docker $USER`, then sign "
            "in again), or run this as root."
        )
    if shutil.which("dockerd") is None and "DOCKER_HOST" not in os.environ:
        return "Docker is missing. On Debian: `apt-get install docker.io`."
    return f"Docker does not answer; start it (`service docker start`) and try again. It said: {error}"


def _failure(image: str, error: str, tail: Iterable[str]) -> BuildError:
    lines = "".join(f"\n    {line}" for line in tail)
    hint = output.advice("\n".join((*tail, error)))
    return BuildError(f"{image} could not be built: {error.strip()}{lines}" + (f"\n{hint}" if hint else ""))
