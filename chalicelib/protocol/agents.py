"""How an agent becomes known, stays known and compares its backend with the control plane."""

from enum import StrEnum

from pydantic import Field

from chalicelib.protocol.base import Identifier, Timestamp, Wire
from chalicelib.protocol.instances import InstanceFacts, Reason


class Backend(Wire):
    """What the agent drives. `id` is the platform's own (Docker daemon id, cluster UID): two agents serve
    one controller only if it is the same."""

    platform: str = Field(description="docker, kubernetes, fake, …")
    id: str
    name: str = ""


class EnrollRequest(Wire):
    """POST /agent/v1/enroll, unsigned. `public_key` is the raw Ed25519 key, base64url without padding."""

    token: str
    public_key: str
    backend: Backend
    agent_version: str
    protocol_version: int
    takeover: bool = False


class EnrollAnswer(Wire):
    """`key_id` goes into every signature; `authority` is the one that signatures must cover;
    `protocol_version` is the one that both sides will speak (see `chalicelib.protocol`)."""

    tenant_id: Identifier
    controller_id: Identifier
    agent_id: Identifier
    key_id: str
    authority: str
    server_time: Timestamp
    protocol_version: int = 1


class CredentialsRequest(Wire):
    """POST /agent/v1/credentials. A `boot_id` seen for the first time opens a new epoch; 409
    `epoch_superseded` when a later boot has taken over."""

    boot_id: str
    protocol_version: int
    agent_version: str


class QueueAccess(Wire):
    """One hour's access to exactly one queue. `endpoint_url` is unset on AWS."""

    queue_url: str
    region: str
    endpoint_url: str | None = None
    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: Timestamp


class RelayAccess(Wire):
    """Relays to hold idle connections at (`wss://host`), and the grant to show them (a JWT)."""

    urls: tuple[str, ...]
    grant: str
    expires_at: Timestamp


class Intervals(Wire):
    """Every interval that the server sets, in seconds, in one object, so that tests can divide them all."""

    heartbeat: float = 30
    renew: float = 40
    lease_margin: float = 20
    inventory: float = 300
    poll_wait: float = 20
    visibility: float = 30
    stream_ping: float = 20
    activity: float = 30


class CredentialsAnswer(Wire):
    """`rotate_key` asks for a new key (POST /agent/v1/keys): the present one has grown old."""

    epoch: int
    queue: QueueAccess
    relay: RelayAccess | None
    jwks_url: str
    intervals: Intervals
    server_time: Timestamp
    protocol_version: int = 1
    rotate_key: bool = False


class Health(StrEnum):
    OK = "ok"
    FAILING = "failing"


class Capacity(Wire):
    cpu_millis: int = Field(ge=0)
    memory_bytes: int = Field(ge=0)
    gpu: int = Field(default=0, ge=0)
    disk_free_bytes: int = Field(default=0, ge=0)


class PartHealth(Wire):
    """One part of an agent. `reason` says what a person can do about it when it fails."""

    state: Health
    reason: Reason | None = None


class SessionActivity(Wire):
    """Viewers now, and when a person last pressed a key or moved the pointer."""

    session_id: Identifier
    viewers: int
    last_input_at: Timestamp | None = None


class Heartbeat(Wire):
    """POST /agent/v1/heartbeat."""

    epoch: int
    agent_version: str
    protocol_version: int
    capacity: Capacity
    usage: Capacity
    instances: int
    polling: PartHealth
    platform: PartHealth
    streaming: PartHealth
    gateway_url: str | None = Field(
        default=None, description="wss:// base where browsers reach the gateway directly"
    )
    labels: dict[str, str] = Field(default_factory=dict)
    activity: tuple[SessionActivity, ...] = ()
    load: Capacity | None = Field(
        default=None, description="what sessions use at this moment, where the platform measures it"
    )


class HeartbeatAnswer(Wire):
    intervals: Intervals
    server_time: Timestamp


class InventoryReport(Wire):
    """POST /agent/v1/inventory: all that carries the controller's own label. `homes` are the sessions
    whose home exists.

    A long inventory comes in slices in the order of session ids: this one says all there is of the sessions
    after `after`, up to and with `until`. Unset, it has no such end; `started_at` is that of the whole."""

    epoch: int
    started_at: Timestamp
    instances: tuple[InstanceFacts, ...]
    homes: tuple[Identifier, ...] = ()
    after: Identifier | None = None
    until: Identifier | None = None


class Remedy(StrEnum):
    """`adopt`: the instance is wanted; report on it under `fence`. `remove`: it is not (home kept unless
    said otherwise)."""

    ADOPT = "adopt"
    REMOVE = "remove"


class InventoryAction(Wire):
    remedy: Remedy
    session_id: Identifier
    incarnation: int
    generation: int
    fence: int
    delete_home: bool = False


class InventoryAnswer(Wire):
    """What is missing altogether is started again by ordinary commands, not here. `compared_until` is set
    where one call could not do all: the agent goes on at once with a slice `after` that session. Whoever
    ignores it gets the rest from later inventories."""

    actions: tuple[InventoryAction, ...]
    compared_until: Identifier | None = None
