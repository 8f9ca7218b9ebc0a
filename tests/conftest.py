"""What every test shares: one environment, set before the product is imported (it is read once)."""

import os
import socket
import tempfile
from pathlib import Path

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
        "STREAMSPACE_PUBLIC_URL": "http://localhost:8080",
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
)

from chalicelib.core import keys  # noqa: E402 - after the environment is set

(_HOME / "keys.json").write_text(keys.generate())
