"""What a controller is asked to run, and what it says about it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from chalicelib.protocol.base import Identifier, Wire


class Resources(Wire):
    """Limits of one instance. CPU in thousandths of a core, memory in bytes."""

    cpu_millis: int = Field(ge=1)
    memory_bytes: int = Field(ge=1)
    gpu: int = Field(default=0, ge=0)
    shm_bytes: int = Field(default=64 * 2**20, ge=0)
    pids: int = Field(default=512, ge=16)


class Display(Wire):
    """First size of the screen (a client may resize it) and the frame rate that Xvnc aims at."""

    width: int = Field(default=1280, ge=320, le=7680)
    height: int = Field(default=800, ge=200, le=4320)
    frame_rate: int = Field(default=120, ge=1, le=240)


class Network(StrEnum):
    """`none`: no network at all. `internet`: outbound only; never the host, private ranges, the metadata
    address or another session."""

    NONE = "none"
    INTERNET = "internet"


class InstanceSpec(Wire):
    """Everything that a driver needs to create an instance of a session."""

    tenant_id: Identifier
    session_id: Identifier
    incarnation: int = Field(ge=1)
    image: str
    protocol: Literal["vnc", "http"] = "vnc"
    port: int | None = None
    command: tuple[str, ...] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    resources: Resources
    display: Display = Display()
    network: Network = Network.NONE
    read_only_root: bool = True
    clipboard_in: bool = True
    clipboard_out: bool = True
    persistent_home: bool = True


class Stage(StrEnum):
    """How far a start has come; shown to the user as it happens."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    PULLING = "pulling"
    CREATING = "creating"
    CONNECTING = "connecting"
    READY = "ready"


class Progress(Wire):
    """Bytes done of bytes known so far (`total` grows while a registry answers)."""

    done: int = Field(ge=0)
    total: int = Field(ge=0)


class Reason(Wire):
    """Why: a stable code for programs and a sentence for people."""

    code: str
    message: str


class InstanceState(StrEnum):
    """What a backend sees of an instance."""

    RUNNING = "running"
    STOPPED = "stopped"
    """Exists and can be started again (hibernated, or its process ended)."""


class InstanceFacts(Wire):
    """One instance as the backend shows it; identity comes from its labels alone."""

    tenant_id: Identifier
    session_id: Identifier
    incarnation: int
    state: InstanceState
    exit_code: int | None = None
