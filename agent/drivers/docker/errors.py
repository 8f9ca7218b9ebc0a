"""What Docker's errors mean to people. The only module that reads the texts of Docker's messages.

platform_unavailable   TemporaryError   the daemon does not answer
image_not_found        PermanentError   the registry knows no such image (or hides it)
image_pull_failed      TemporaryError   registry or network; PermanentError when access is refused
insufficient_memory    PermanentError   more than the host has, or less than Docker accepts
insufficient_cpu       PermanentError   more than the host has
no_space               PermanentError   the disk is full
instance_exited        PermanentError   its command cannot even be started
network_failed         TemporaryError   Docker could not make or join the network
platform_error         TemporaryError   anything else, in Docker's own words
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests.exceptions
import urllib3.exceptions

from agent.drivers.base import DriverError, PermanentError, TemporaryError
from chalicelib.protocol.instances import Reason

_PERMANENT: tuple[tuple[str, str, str], ...] = (
    (
        r"no space left on device",
        "no_space",
        "The Docker host's disk is full. Free space there, then try again.",
    ),
    (r"invalid reference format|must be lowercase", "image_not_found", "No image can have that name: {text}"),
    (r"minimum memory limit|memory limit (is )?too (low|small)", "insufficient_memory", "Docker: {text}"),
    (
        r"cannot allocate memory",
        "insufficient_memory",
        "The Docker host has no memory left for this instance.",
    ),
    (
        r"oci runtime|executable file not found",
        "instance_exited",
        "The instance could not be started: {text}",
    ),
    (
        r"range of cpus is",
        "insufficient_cpu",
        "The Docker host has fewer CPUs than this instance asks for: {text}",
    ),
)
_NETWORK = re.compile(
    r"address pool|network .*not found|could not find .*network|failed to .*bridge|veth", re.I
)
_NOT_FOUND = re.compile(r"not found|manifest unknown|does not exist|name unknown|invalid reference", re.I)
_REFUSED = re.compile(r"unauthorized|denied|forbidden|authentication required|no basic auth", re.I)

Transport = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    OSError,
)


def permanent(code: str, message: str) -> PermanentError:
    return PermanentError(Reason(code=code, message=message))


def temporary(code: str, message: str) -> TemporaryError:
    return TemporaryError(Reason(code=code, message=message))


def unavailable(address: str, error: BaseException) -> TemporaryError:
    """The daemon does not answer; the message says what to do about it."""
    text = str(error)
    if "Permission denied" in text:
        advice = (
            "its socket is closed to the agent's user: run it as root or add the user to the group docker"
        )
    elif "timed out" in text.lower():
        advice = "it is too busy or hangs: look at `journalctl -u docker` on the host"
    else:
        advice = "is it installed and running? Try `systemctl start docker` on the host"
    return temporary("platform_unavailable", f"Docker at {address} does not answer; {advice}.")


def refused(error: docker.errors.APIError) -> DriverError:
    """The daemon answered with an error that the caller did not expect."""
    text = plain(str(error.explanation or error))
    lowered = text.lower()
    for pattern, code, message in _PERMANENT:
        if re.search(pattern, lowered):
            return permanent(code, message.format(text=text))
    if _NETWORK.search(text):
        return temporary("network_failed", f"Docker could not connect the instance to its network: {text}")
    return temporary("platform_error", f"Docker: {text}")


def pull_failed(image: str, text: str) -> DriverError:
    """What a registry's or the daemon's message about a pull amounts to."""
    text = plain(text)
    if re.search(r"no space left", text, re.I):
        return permanent("no_space", f"The Docker host's disk is full; {image} could not be stored.")
    if re.search(r"repository does not exist or may require", text, re.I) or (
        _NOT_FOUND.search(text) and not _REFUSED.search(text)
    ):
        return permanent(
            "image_not_found", f"There is no image {image}, or it needs `docker login` on the host."
        )
    if _REFUSED.search(text):
        return permanent(
            "image_pull_failed", f"The registry refused {image}: {text}. Try `docker login` on the host."
        )
    return temporary("image_pull_failed", f"Docker could not pull {image}: {text}")


def plain(text: str, limit: int = 400) -> str:
    """One printable line, of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Docker's and the transport's exceptions become DriverErrors; everything else passes."""
    try:
        yield
    except docker.errors.APIError as error:
        raise refused(error) from error
    except (docker.errors.DockerException, *Transport) as error:
        raise unavailable(address, error) from error
