"""What the agent's image holds besides Debian: the agent and its Python packages.

They are installed on this machine for the image's Python, so that the image needs no pip and its build no
network but Debian's.
"""

import tempfile
from pathlib import Path

from infra.agent import wheel
from infra.images.context import File, read
from infra.images.errors import BuildError
from infra.images.progress import Track
from infra.images.recipes import SUITE

_PYTHON = {"bookworm": "3.11"}[SUITE]
"""Debian's."""
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_BASELINES = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
"""What that Debian's C library (2.36) runs, newest first."""
_BASE = Path(__file__).parent / "base" / "files"
_SHARED = ("etc/dpkg/dpkg.cfg.d/streamspace", "usr/libexec/streamspace/setup/install-packages")
"""How packages are installed in our images; the agent's stands on Debian, not on the sessions' base."""
_TESTS = ("tests", "testing", "e2e_test")
"""Folders of packages that only their authors run."""
_HALF = "kubernetes/aio/"
"""The asynchronous half of that client; drivers run in threads and use the other."""


def files(folder: Path) -> tuple[File, ...]:
    """What the image is made of, less the packages that `with_packages` fetches; for its digest, too."""
    base = {file.path: file for file in read(_BASE)}
    shared = tuple(File(f"files/{path}", base[path].mode, base[path].content) for path in _SHARED)
    sources = (
        File(f"sources/{path.relative_to(wheel.ROOT).as_posix()}", 0o644, path.read_bytes())
        for path in wheel.sources()
    )
    return (*read(folder), *shared, *sources)


def with_packages(digested: tuple[File, ...], architecture: str, track: Track) -> tuple[File, ...]:
    """The build context. Raises BuildError."""
    machine = _MACHINES.get(architecture)
    if machine is None:
        raise BuildError(
            f"The agent's packages come for {', '.join(_MACHINES)}; this Docker is {architecture}."
        )
    track.step("installing the agent's Python packages")
    with tempfile.TemporaryDirectory(prefix="streamspace-agent-") as name:
        folder = Path(name)
        try:
            built = wheel.build(folder)
            wheel.pip(_install(built, folder / "site", machine), folder)
        except wheel.WheelError as error:
            raise BuildError(f"The agent's packages could not be installed:\n{error}") from error
        packages = tuple(
            File(f"packages/{file.path}", file.mode, file.content)
            for file in read(folder / "site")
            if _needed(file.path)
        )
    track.finish_step()
    context = tuple(file for file in digested if not file.path.startswith("sources/"))
    return (*context, *packages)


def _install(built: Path, target: Path, machine: str) -> list[str]:
    platforms = [part for each in _BASELINES for part in ("--platform", f"{each}_{machine}")]
    return [
        *("install", "--quiet", "--no-compile", "--target", str(target)),
        *("--only-binary", ":all:", "--python-version", _PYTHON, "--implementation", "cp", *platforms),
        f"{built}[kubernetes]",
    ]


def _needed(path: str) -> bool:
    if path.startswith(("bin/", _HALF)):
        return False
    return not any(folder in _TESTS for folder in path.split("/")[:-1])
