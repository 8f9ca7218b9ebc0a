"""The web UI's client is generated from the document that the API serves now."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_uis_copy_is_current():
    printed = subprocess.run(
        [sys.executable, "-m", "infra.openapi"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    advice = "run `python -m infra.openapi > ui/openapi.json` and `npm run generate` in ui/"
    assert printed == (ROOT / "ui/openapi.json").read_text(), advice
