"""What every test shares: one environment, set before the product is imported (it is read once)."""

import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_HOME = Path(tempfile.mkdtemp(prefix="streamspace-tests-"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


os.environ.update(
    {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{_free_port()}",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "STREAMSPACE_KEYS_FILE": str(_HOME / "keys.json"),
        "STREAMSPACE_MAIL": f"file:{_HOME / 'mail'}",
        "STREAMSPACE_PUBLIC_URL": "http://localhost:8080",
        "STREAMSPACE_SIGN_UP": "on",
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
)

from chalicelib.core import keys  # noqa: E402 - after the environment is set

(_HOME / "keys.json").write_text(keys.generate())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Carry feature marks on the reports, so that they reach the one process that writes evidence."""
    for item in items:
        for mark in item.iter_markers("feature"):
            item.user_properties.append(("feature", mark.args[0]))


_evidence: dict[str, dict[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test counts by its call; one that fails before that counts as failed, and one that is skipped shows
    nothing either way."""
    if report.skipped or (report.when != "call" and report.passed):
        return
    for name, text in report.user_properties:
        if name == "feature":
            _evidence.setdefault(str(text), {})[report.nodeid] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what this run proved where `python -m infra.features` collects it."""
    if hasattr(session.config, "workerinput") or not _evidence:
        return
    folder = session.config.rootpath / ".streamspace" / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    places = {Path(node.split("::")[0]).parts[1:-1] for tests in _evidence.values() for node in tests}
    layers = "-".join(sorted({place[0] for place in places}))
    # Runs of one layer may go side by side, each through folders of its own.
    which = hashlib.sha256(repr(sorted(places)).encode()).hexdigest()[:8]
    (folder / f"{layers}-{which}.json").write_text(json.dumps(_evidence, indent=2, sort_keys=True))
