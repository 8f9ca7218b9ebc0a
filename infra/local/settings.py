"""Where the local stack keeps and finds everything: the one place for paths, ports, keys and environment.

Overrides: STREAMSPACE_HOME (state, default `.streamspace`), STREAMSPACE_PORT (public port, default 8080;
the inner ports follow it), STREAMSPACE_BIND (127.0.0.1; 0.0.0.0 lets agents on other machines in) and
STREAMSPACE_PUBLIC_URL (what browsers and agents call it). STREAMSPACE_INTERVAL_DIVISOR passes through.
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEFAULT_PORT = 8080
EMULATOR_PORT = 4566
REGION = "us-east-1"
ACCOUNT = "000000000000"
CHECKPOINTS_TABLE = "streamspace-local-checkpoints"
UNRECORDED_TABLES = ("streamspace-nonces",)
EVENTS_PATH = "/v1/events/socket"


@dataclass(frozen=True)
class Settings:
    """One local stack. Two can run side by side if `home` and `port` differ."""

    home: Path
    port: int
    bind: str
    public_url: str
    emulator_port: int
    emulator_venv: Path

    @property
    def api_port(self) -> int:
        """UI, API and event WebSocket; loopback only, reached through the relay."""
        return self.port + 1

    @property
    def push_port(self) -> int:
        """`/@connections`; loopback only, and nothing forwards to it."""
        return self.port + 2

    @property
    def stream_url(self) -> str:
        """The public URL with the scheme of WebSockets."""
        return self.public_url.replace("http", "ws", 1)

    @property
    def local_url(self) -> str:
        """The public port as this machine reaches it."""
        host = "127.0.0.1" if self.bind == "0.0.0.0" else self.bind
        return f"http://{host}:{self.port}"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def mail(self) -> Path:
        """Mails, one .eml file each, unless STREAMSPACE_MAIL sends them elsewhere."""
        return self.home / "mail"

    @property
    def env_file(self) -> Path:
        """URL, e-mail and password of the seeded administrator, for people and scripts (0600)."""
        return self.home / "env"

    @property
    def agent_state(self) -> Path:
        return self.home / "agent"

    def app_environment(self) -> dict[str, str]:
        """What the app (and whatever runs its functions) is configured by."""
        return {
            **self.plain_environment(),
            **self.aws_environment(),
            "STREAMSPACE_EVENTS_PUSH_ENDPOINT": f"http://127.0.0.1:{self.push_port}",
            "STREAMSPACE_QUEUE_ENDPOINT": f"{self.public_url}/queues",
            "STREAMSPACE_BUCKET_ENDPOINT": f"{self.public_url}/files",
            "STREAMSPACE_KEYS_FILE": str(self.keys / "signing.json"),
            "STREAMSPACE_IMAGE_TAG": os.environ.get("IMAGE_TAG") or "dev",
            "STREAMSPACE_SIGN_UP": os.environ.get("STREAMSPACE_SIGN_UP") or "on",
            "STREAMSPACE_MAIL": os.environ.get("STREAMSPACE_MAIL") or f"file:{self.mail}",
        }

    def plain_environment(self) -> dict[str, str]:
        """Of what talks to the app like any client does: the relay and the agent."""
        return {
            **base_environment(os.environ),
            "STREAMSPACE_HOME": str(self.home),
            "STREAMSPACE_PORT": str(self.port),
            "STREAMSPACE_BIND": self.bind,
            "STREAMSPACE_PUBLIC_URL": self.public_url,
        }

    def aws_environment(self) -> dict[str, str]:
        """The standard variables that point boto3 at the emulator, with its root key."""
        held = json.loads((self.keys / "aws.json").read_text())
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.emulator_port}",
            "AWS_ACCESS_KEY_ID": held["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": held["secret_access_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def emulator_environment(self) -> dict[str, str]:
        return {
            **base_environment(os.environ),
            **self.aws_environment(),
            "EMULATOR_FOLDER": str(self.home / "database"),
            "EMULATOR_PORT": str(self.emulator_port),
            "EMULATOR_CHECKPOINTS_TABLE": CHECKPOINTS_TABLE,
            "EMULATOR_UNRECORDED_TABLES": ",".join(UNRECORDED_TABLES),
        }

    def prepare(self) -> None:
        """Make folders and secrets that are not there yet. Readable by their owner only."""
        for folder in (self.home, self.run, self.log, self.keys, self.agent_state):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.keys / "aws.json").exists():
            pair = {
                "access_key_id": "AKIA" + secrets.token_hex(8).upper(),
                "secret_access_key": secrets.token_urlsafe(30),
            }
            write_secret(self.keys / "aws.json", json.dumps(pair))


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment (see the module's docstring)."""
    home = Path(environment.get("STREAMSPACE_HOME") or ROOT / ".streamspace").absolute()
    port = int(environment.get("STREAMSPACE_PORT") or DEFAULT_PORT)
    inner = EMULATOR_PORT if port == DEFAULT_PORT else port + 3
    return Settings(
        home=home,
        port=port,
        bind=environment.get("STREAMSPACE_BIND") or "127.0.0.1",
        public_url=(environment.get("STREAMSPACE_PUBLIC_URL") or f"http://localhost:{port}").rstrip("/"),
        emulator_port=int(environment.get("STREAMSPACE_EMULATOR_PORT") or inner),
        emulator_venv=Path(
            environment.get("STREAMSPACE_EMULATOR_VENV") or ROOT / ".streamspace" / "ministack-venv"
        ),
    )


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment less what would point boto3 elsewhere; its modules come from this
    checkout."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PATH": _path(environment)}


def write_secret(path: Path, text: str) -> None:
    """Whole or not at all, 0600."""
    partial = path.with_name(f"{path.name}.new")
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _path(environment: Mapping[str, str]) -> str:
    return f"{Path(sys.executable).parent}:/usr/sbin:/sbin:{environment.get('PATH', '/usr/bin:/bin')}"
