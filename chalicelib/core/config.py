"""Configuration: read once from the environment into one frozen object. No other module reads it.

AWS endpoints, region and credentials are boto's own standard variables (`AWS_ENDPOINT_URL`,
`AWS_DEFAULT_REGION`, …), so that the local stack differs from AWS by configuration alone.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from chalicelib.protocol.agents import Intervals


@dataclass(frozen=True)
class Timings:
    """Every interval and deadline of the control plane, in seconds, in one object.

    `divided` makes a faster copy for tests and chaos runs.
    """

    access_token: float = 900
    refresh_token: float = 30 * 86400
    enrollment_token: float = 1800
    ticket: float = 60
    relay_grant: float = 3600
    queue_credentials: float = 3600
    key_rotation: float = 30 * 86400
    key_overlap: float = 3600
    lease: float = 120
    command_deadline: float = 900
    placement_deadline: float = 600
    unclaimed_resend: float = 30
    unclaimed_lost: float = 60
    sweep_slice: float = 45
    drain_retry: float = 300
    heartbeat_busy: float = 30
    heartbeat_idle: float = 300
    degraded_after_missed: int = 3
    lost_after_missed: int = 6
    inventory: float = 300
    renew: float = 40
    lease_margin: float = 20
    poll_wait: float = 20
    visibility: float = 30
    activity: float = 30
    stream_ping: float = 20
    event_retention: float = 7 * 86400
    offboarding_lease: float = 120
    offboarding_slice: float = 12
    deletion_grace: float = 900
    deletion_settling: float = 60

    def divided(self, divisor: float) -> "Timings":
        """The command plane's intervals divided; token lifetimes and counts of misses stay."""
        if divisor == 1:
            return self
        quick = (
            "lease", "command_deadline", "placement_deadline", "unclaimed_resend", "unclaimed_lost",
            "drain_retry",
            "heartbeat_busy", "heartbeat_idle", "inventory", "renew", "lease_margin", "poll_wait",
            "visibility", "activity", "deletion_grace", "deletion_settling",
        )  # fmt: skip
        values = {**self.__dict__}
        values.update({name: values[name] / divisor for name in quick})
        return Timings(**values)

    def for_agents(self, *, idle: bool) -> Intervals:
        """What the server sets on agents; `idle` controllers report less often."""
        return Intervals(
            heartbeat=self.heartbeat_idle if idle else self.heartbeat_busy,
            renew=self.renew,
            lease_margin=self.lease_margin,
            inventory=self.inventory,
            poll_wait=self.poll_wait,
            visibility=self.visibility,
            stream_ping=self.stream_ping,
            activity=self.activity,
        )


@dataclass(frozen=True)
class Config:
    """The deployment's choices. Unset stream and event URLs mean: the host that the API is called at.

    `sign_up` lets organisations make themselves (`on` or `off`); `image_tag` is of the images that their
    first templates name.

    `mail` is where mails go: `ses:<sender>`, `smtp://host:port`, `smtps://host:port` or `file:<folder>`;
    `mail_login` is `user:password` for SMTP, or `mail_login_secret` names a secret that holds it.
    """

    table_prefix: str = "streamspace-"
    queue_prefix: str = "streamspace-"
    region: str = "us-east-1"
    public_url: str = "http://localhost:8080"
    relay_urls: tuple[str, ...] = ()
    events_url: str | None = None
    events_push_endpoint: str | None = None
    queue_endpoint: str | None = None
    bucket: str = "streamspace-objects"
    bucket_endpoint: str | None = None
    agent_role_arn: str = "arn:aws:iam::000000000000:role/streamspace-agent"
    tenant_role_arn: str | None = None
    keys_file: str | None = None
    keys_secret: str | None = None
    sign_up: bool = False
    image_tag: str = "dev"
    mail: str = ""
    mail_from: str = "StreamSpace <streamspace@localhost>"
    mail_login: str = field(default="", repr=False)
    mail_login_secret: str | None = None
    min_protocol_version: int = 1
    timings: Timings = field(default_factory=Timings)

    @property
    def agent_authority(self) -> str:
        """The authority that agents' signatures must cover: the public URL's."""
        return urlsplit(self.public_url).netloc

    @property
    def origin(self) -> str:
        """What browsers say our own pages come from."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secure_cookies(self) -> bool:
        """Only over TLS; browsers treat localhost as an exception, other plain hosts not."""
        return self.public_url.startswith("https://")


def read(environment: Mapping[str, str]) -> Config:
    """A `Config` from variables named `STREAMSPACE_<FIELD>`; absent ones keep their default."""

    def get(name: str, default: str) -> str:
        return environment.get(f"STREAMSPACE_{name}") or default

    base = Config()
    mail = get("MAIL", base.mail)
    relays = get("RELAY_URLS", "")
    return Config(
        table_prefix=get("TABLE_PREFIX", base.table_prefix),
        queue_prefix=get("QUEUE_PREFIX", base.queue_prefix),
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or base.region,
        public_url=get("PUBLIC_URL", base.public_url).rstrip("/"),
        relay_urls=tuple(url.strip().rstrip("/") for url in relays.split(",") if url.strip()),
        events_url=get("EVENTS_URL", "") or None,
        events_push_endpoint=get("EVENTS_PUSH_ENDPOINT", "") or None,
        queue_endpoint=get("QUEUE_ENDPOINT", "") or None,
        bucket=get("BUCKET", base.bucket),
        bucket_endpoint=get("BUCKET_ENDPOINT", "").rstrip("/") or None,
        agent_role_arn=get("AGENT_ROLE_ARN", base.agent_role_arn),
        tenant_role_arn=get("TENANT_ROLE_ARN", "") or None,
        keys_file=get("KEYS_FILE", "") or None,
        keys_secret=get("KEYS_SECRET", "") or None,
        sign_up=_switch("SIGN_UP", get("SIGN_UP", "off")),
        image_tag=get("IMAGE_TAG", base.image_tag),
        mail=mail,
        mail_from=get("MAIL_FROM", mail.removeprefix("ses:") if mail.startswith("ses:") else base.mail_from),
        mail_login=get("MAIL_LOGIN", base.mail_login),
        mail_login_secret=get("MAIL_LOGIN_SECRET", "") or None,
        min_protocol_version=int(get("MIN_PROTOCOL_VERSION", str(base.min_protocol_version))),
        timings=Timings().divided(float(get("INTERVAL_DIVISOR", "1"))),
    )


def _switch(name: str, value: str) -> bool:
    if value not in ("on", "off"):
        raise ValueError(f"STREAMSPACE_{name} is on or off, not {value!r}.")
    return value == "on"


@lru_cache(maxsize=1)
def config() -> Config:
    """The process's configuration."""
    return read(os.environ)
