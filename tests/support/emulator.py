"""A real DynamoDB and SQS implementation in a process of its own, for one test run."""

import os
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

_REPOSITORY = Path(__file__).resolve().parents[2]


def python() -> str:
    """The interpreter of the emulator's own environment (it pins another botocore)."""
    chosen = os.environ.get("STREAMSPACE_MINISTACK_PYTHON")
    path = Path(chosen) if chosen else _REPOSITORY / ".streamspace/ministack-venv/bin/python"
    if not path.exists():
        raise RuntimeError(f"{path} is missing: run `make test` once, which installs it.")
    return str(path)


class Emulator:
    """ministack on the port that AWS_ENDPOINT_URL names."""

    def __init__(self, url: str, state: Path, **environment: str) -> None:
        self.url = url
        self._state = state
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        port = str(urlsplit(self.url).port)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "GATEWAY_PORT": port,
            "BIND_HOST": "127.0.0.1",
            "PERSIST_STATE": "0",
            "S3_DATA_DIR": str(self._state / "s3"),
            "LOG_LEVEL": "ERROR",
            "SERVICES": "dynamodb,dynamodbstreams,sqs,sts,s3,iam",
            **self._environment,
        }
        log = (self._state / "emulator.log").open("ab")
        self._process = subprocess.Popen(
            [python(), "-m", "ministack"], env=environment, stdout=log, stderr=log
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(
                        f"the emulator did not start: see {self._state}/emulator.log"
                    ) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End the process that `start` made."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
