"""The lowest image: Debian's smallest, from a registry where one answers, else from Debian packages."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.images import output
from infra.images.context import File
from infra.images.engine import Engine
from infra.images.errors import BuildError
from infra.images.progress import Track
from infra.images.recipes import ROOT, SUITE

REFERENCE = f"debian:{SUITE}-slim"
_PATIENCE_SECONDS = 8.0
_SOURCE_FORMAT = "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)"
_UNPACK_RULES = Path(__file__).parent / "base/files/etc/dpkg/dpkg.cfg.d/streamspace"
_OPTIONS = (
    "--variant=minbase",
    "--format=tar",
    # The same rules as for what is installed later; without them, half of this image is manuals.
    f"--dpkgopt={_UNPACK_RULES}",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
)
# Of the host's settings for apt, those without which its sources may be out of reach in the image as well.
_HOST_SETTINGS = re.compile(
    r"^Acquire::(?:(?:http|https)::(?:Proxy|CaInfo|Verify-\w+)\S*|Check-(?:Valid-Until|Date)) ", re.MULTILINE
)


def files() -> tuple[File, ...]:
    """What this image is made of, for its digest."""
    options = "\n".join((REFERENCE, *(option for option in _OPTIONS if "dpkgopt" not in option)))
    return (
        File("options", 0o644, options.encode()),
        File("unpack-rules", 0o644, _UNPACK_RULES.read_bytes()),
    )


def make(engine: Engine, inputs: str, track: Track) -> None:
    """Makes the image. Raises BuildError."""
    track.step(f"looking for {REFERENCE} in a registry")
    if engine.pull(REFERENCE, patience=_PATIENCE_SECONDS, heard=track.sign):
        dockerfile = File("Dockerfile", 0o644, f"FROM {REFERENCE}\n".encode())
        engine.build(ROOT, (dockerfile,), inputs, {}, track.sign)
        track.finish_step()
        return
    track.finish_step()
    track.note("no registry answers: making it from Debian packages")
    _require_mmdebstrap(track)
    with tempfile.TemporaryDirectory(prefix="streamspace-debian-") as folder:
        target = Path(folder) / "root.tar"
        sources = Path(folder) / "sources.list"
        sources.write_text(host_sources(_output("apt-get", "indextargets", "--format", _SOURCE_FORMAT)))
        _run_mmdebstrap(target, sources, track)
        track.step("importing it into Docker")
        engine.import_root(ROOT, target, inputs)
        track.finish_step()


def host_sources(targets: str, suite: str = SUITE) -> str:
    """sources.list lines for Debian `suite` as this machine is set up to fetch it; "" if it is not.

    `targets` is what `apt-get indextargets` says in the format above.
    """
    lines = []
    for target in targets.splitlines():
        words = target.split()
        if len(words) != 4:
            continue
        origin, address, release, component = words
        known = release in (suite, f"{suite}-updates", f"{suite}-security")
        if origin == "Debian" and known and component == "main":
            lines.append(f"deb {address} {release} {component}\n")
    return "".join(dict.fromkeys(lines))


def host_settings(dump: str) -> tuple[str, ...]:
    """Of `apt-config dump`'s lines, the ones that the image needs to reach the same sources."""
    return tuple(line.removesuffix(";") for line in dump.splitlines() if _HOST_SETTINGS.match(line))


def _run_mmdebstrap(target: Path, sources: Path, track: Track) -> None:
    settings = [f"--aptopt={line}" for line in host_settings(_output("apt-config", "dump"))]
    # Without sources of this machine's own, its default mirror.
    mirror = [str(sources)] if sources.stat().st_size else []
    command = ["mmdebstrap", *_OPTIONS, *settings, SUITE, str(target), *mirror]
    tail: list[str] = []
    with _process(command) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        for line in process.stdout:
            tail = [*tail, line.rstrip()][-15:]
            if line.startswith("I: ") and line.rstrip().endswith("..."):
                track.step(output.shorten(line.rstrip().removeprefix("I: ").rstrip(".")))
            elif sign := output.interesting(line):
                track.sign(sign)
    if process.returncode != 0:
        text = "\n    ".join(tail)
        hint = output.advice(text) or "Run it by hand to see more: " + " ".join(command)
        raise BuildError(f"mmdebstrap could not make {ROOT}:\n    {text}\n{hint}")
    track.finish_step()


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A child whose output is read; ended, not left behind, when reading is broken off."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _require_mmdebstrap(track: Track) -> None:
    if shutil.which("mmdebstrap"):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BuildError(
            f"No registry with {REFERENCE} answers, and mmdebstrap, which makes one from Debian's packages, "
            "is missing. On Debian: `sudo apt-get install mmdebstrap`."
        )
    track.step("installing mmdebstrap")
    command = ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"mmdebstrap could not be installed: {done.stderr.strip()}")
    track.finish_step()


def _output(*command: str) -> str:
    """What a command prints; "" where it is missing or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
