"""The agent's wheel: the agent and the protocol, built from a copy: nothing is left in the checkout."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("agent", "chalicelib/__init__.py", "chalicelib/protocol")
META = ("README.md", "pyproject.toml", "requirements-agent.txt")


class WheelError(Exception):
    """The message is what pip said last."""


def sources() -> list[Path]:
    """What the wheel is made of, for digests."""
    found = [ROOT / each for each in META]
    for part in PARTS:
        path = ROOT / part
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def build(folder: Path) -> Path:
    """The wheel, written to `folder`. Raises WheelError."""
    with tempfile.TemporaryDirectory(prefix="streamspace-wheel-") as name:
        copy = Path(name)
        for each in sources():
            target = copy / each.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, target)
        pip(["wheel", "--no-deps", "--wheel-dir", str(folder.absolute()), "."], copy)
    (wheel,) = folder.glob("streamspace_agent-*.whl")
    return wheel


def pip(arguments: list[str], folder: Path) -> None:
    """Raises WheelError."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelError("\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]))
