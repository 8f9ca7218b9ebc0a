"""The emulator as a child process of tests and tools: start it, kill it, start it again."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.settings import CHECKPOINTS_TABLE, REGION, ROOT, read

_libc = ctypes.CDLL(None)


def interpreter() -> Path:
    """Python of ministack's environment, which `infra/local/bootstrap.sh` makes."""
    return read(os.environ).emulator_venv / "bin" / "python"


def _die_with_parent() -> None:
    """A test that fails in the middle leaves nothing behind."""
    _libc.prctl(1, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Emulator:
    """`folder` holds the journal. Not started until `start` (or `with`)."""

    folder: Path
    port: int = field(default_factory=free_port)
    access_key: str = "AKIATESTROOT00000001"
    secret_key: str = "not-a-secret"  # noqa: S105
    unrecorded: tuple[str, ...] = ()
    compact_bytes: int = 64 * 2**20
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What points boto3 (and so the app) at it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        """Returns when it answers. Raises RuntimeError if it does not within 20 s."""
        settings = {
            "EMULATOR_FOLDER": str(self.folder),
            "EMULATOR_PORT": str(self.port),
            "EMULATOR_CHECKPOINTS_TABLE": CHECKPOINTS_TABLE,
            "EMULATOR_UNRECORDED_TABLES": ",".join(self.unrecorded),
            "EMULATOR_COMPACT_BYTES": str(self.compact_bytes),
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            **self.environment,
        }
        command = [str(interpreter()), "-m", "infra.local.emulator"]
        self.process = subprocess.Popen(command, env=settings, cwd=ROOT, preexec_fn=_die_with_parent)  # noqa: PLW1509
        deadline = time.monotonic() + 20
        while self.last_sequence() is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the emulator did not start (exit status {self.process.poll()})")
            time.sleep(0.02)

    def last_sequence(self) -> int | None:
        """Sequence number of the newest stream record; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_streamspace/changes", timeout=2) as answer:
                return int(json.load(answer)["last"])
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
