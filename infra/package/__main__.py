"""Packages into dist/. No AWS call is made: the environment is emptied of what could make one."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agent import __version__
from infra.agent import pack
from infra.agent.wheel import WheelError
from infra.charts.pack import ImageNameError
from infra.local.settings import ROOT, base_environment
from infra.package import verify
from infra.package.overlay import overlay

STAGE = "production"
_PARTS = ("app.py", "chalicelib", "requirements.txt", ".chalice")


def main() -> int:
    out = ROOT / "dist"
    out.mkdir(exist_ok=True)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from app import app  # noqa: PLC0415 - needs a region

    with tempfile.TemporaryDirectory(prefix="streamspace-package-") as name:
        folder = Path(name)
        _copy(folder)
        merge = folder / "overlay.json"
        merge.write_text(json.dumps(overlay(app)))
        print("packaging (dependencies for Lambda come from PyPI) …", flush=True)
        try:
            _chalice(folder, merge)
            template = json.loads((folder / "out" / "sam.json").read_text())
            print(f"template: {verify.check_template(template)}")
            print(f"zip: {verify.check_zip(folder / 'out' / 'deployment.zip')}")
        except verify.PackageError as error:
            print(f"not packaged: {error}", file=sys.stderr)
            return 1
        shutil.copyfile(folder / "out" / "deployment.zip", out / "deployment.zip")
    (out / "template.json").write_text(json.dumps(template, indent=1) + "\n")
    image = os.environ.get("STREAMSPACE_AGENT_IMAGE") or f"streamspace/agent:{__version__}"
    try:
        pack.write(out / "install", image)
    except (WheelError, ImageNameError) as error:
        print(f"the agent is not packed: {error}", file=sys.stderr)
        return 1
    print(f"wrote {out / 'template.json'}, {out / 'deployment.zip'} and {out / 'install'}")
    return 0


def _copy(folder: Path) -> None:
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "deploy*"))
        else:
            shutil.copy(source, folder / part)


def _chalice(folder: Path, merge: Path) -> None:
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    command = [*chalice, "package", "--stage", STAGE, "--merge-template", str(merge), "out"]
    environment = {
        **base_environment(os.environ),
        "PYTHONPATH": str(folder),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise verify.PackageError(f"{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
