"""`make package` needs no AWS account, and what it writes would work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(600)
@pytest.mark.feature("The control plane is packaged for AWS without an AWS account")
def test_template_and_zip_are_written_and_verified() -> None:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STREAMSPACE_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "infra.package"],
        cwd=REPOSITORY,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    template = json.loads((REPOSITORY / "dist" / "template.json").read_text())
    assert template["Resources"]["APIHandler"]["Properties"]["Handler"] == "app.app"
    assert (REPOSITORY / "dist" / "deployment.zip").stat().st_size < 50 * 2**20
    handed_out = {path.name for path in (REPOSITORY / "dist" / "install").iterdir()}
    assert {"agent.sh", "wheel.txt", "agent-chart.tgz", "kubernetes", "kubernetes.yaml"} <= handed_out
