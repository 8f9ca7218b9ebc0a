"""What a builder prints, made sense of: steps, lines worth showing, and failures put as advice."""

import re
from dataclasses import dataclass

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)$", re.DOTALL)
_APT = re.compile(r"^(?:Get:\d+ \S+ \S+ \S+ (\S+)|(?:Unpacking|Setting up) (\S+))")
_NO_SPACE = "no space left on device"
_UNREACHABLE = (
    "temporary failure resolving",
    "could not resolve",
    "could not connect",
    "connection timed out",
    "unable to connect",
    "failed to fetch",
    "unable to locate package",
)
_WIDTH = 76


@dataclass(frozen=True)
class Step:
    """The beginning of one instruction of a Dockerfile."""

    number: int
    total: int
    instruction: str


def step(line: str) -> Step | None:
    """The step that `line` announces, with its instruction on one short line."""
    match = _STEP.match(line.strip())
    if match is None:
        return None
    return Step(int(match[1]), int(match[2]), shorten(match[3]))


def shorten(text: str, width: int = _WIDTH) -> str:
    """`text` on one line of at most `width` characters."""
    line = " ".join(text.replace("\\\n", " ").split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def interesting(line: str) -> str | None:
    """What of a builder's line a person who waits would like to see; None for noise."""
    match = _APT.match(line.strip())
    if match is None:
        return None
    if match[1]:
        return f"fetching {match[1]}"
    return f"{'unpacking' if line.strip().startswith('Unpacking') else 'setting up'} {match[2]}"


def advice(text: str) -> str | None:
    """What to do about a failure that printed `text`; None if it is not one of the known kinds."""
    lower = text.lower()
    if _NO_SPACE in lower:
        return "The disk is full. `docker system df` shows what Docker holds; the images need about 2 GB."
    if any(sign in lower for sign in _UNREACHABLE):
        return (
            "Debian's packages could not be fetched. Check the network with `apt-get update`; "
            "behind a proxy set http_proxy and https_proxy, then run this again: it goes on where it stopped."
        )
    return None
