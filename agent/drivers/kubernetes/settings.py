"""What whoever installs the agent decides about sessions on this cluster: read once, into one frozen object.

STREAMSPACE_KUBERNETES_SETTINGS holds it as JSON, or `@` and the path of a file that does; the chart's
`sessions` and `capacity` values are the same object. STREAMSPACE_KUBERNETES_NAMESPACE names the namespace.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError

from agent.drivers.kubernetes.errors import permanent
from agent.drivers.kubernetes.quantities import amount

NAMESPACE = "STREAMSPACE_KUBERNETES_NAMESPACE"
SETTINGS = "STREAMSPACE_KUBERNETES_SETTINGS"
OURS = "streamspace"
"""Labels and annotations that begin with it carry identity and state; nobody else sets them."""


class SettingsInvalid(ValueError):
    """The message names each field that is wrong, and why."""


def _quantity(text: str) -> str:
    if amount(text) <= 0:
        raise ValueError("must be more than 0")
    return text


def _theirs(labels: dict[str, str]) -> dict[str, str]:
    for key in labels:
        if key.split("/")[0].split(".")[0] == OURS:
            raise ValueError(f"{key}: what begins with {OURS} is the agent's own")
    return labels


Quantity = Annotated[str, AfterValidator(_quantity)]
"""As the API writes quantities: `500m`, `2Gi`, `1.5`."""
Labels = Annotated[dict[str, str], AfterValidator(_theirs)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A DNS label (RFC 1123)."""


class Part(BaseModel):
    """Unknown fields are refused: a misspelt one would silently not count."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Home(Part):
    """The volumes that homes are kept on. A home keeps the size and class that it was made with."""

    size: Quantity = "5Gi"
    storage_class: str | None = None
    """None: the cluster's default class."""


class Toleration(Part):
    """As in the API, in its own spelling."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    tolerationSeconds: int | None = Field(default=None, ge=0)  # noqa: N815 - the API's name


class Allowance(Part):
    """All that sessions may use, where neither a quota nor the nodes say it."""

    cpu: Quantity
    memory: Quantity
    gpu: int = Field(default=0, ge=0)


class Settings(Part):
    """Times are in seconds."""

    namespace: Name | None = None
    """None: the agent's own inside a cluster."""
    context: str | None = None
    """Of the kubeconfig; None: its current one."""

    home: Home = Home()
    ephemeral_storage: Quantity = "2Gi"
    """What one session may write outside its home, logs included."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    runtime_class: str | None = None
    priority_class: str | None = None
    service_account: str = "streamspace-session"
    image_pull_secrets: tuple[str, ...] = ()
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    gpu_resource: str = "nvidia.com/gpu"
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)
    """Added to every pod."""

    agent_selector: dict[str, str] = Field(
        default_factory=lambda: {"app.kubernetes.io/name": "streamspace-agent"}, min_length=1
    )
    """Labels of the agent's own pods: they alone reach sessions."""
    ingress_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """What else reaches sessions' one port, such as an agent outside the cluster's pod network."""
    blocked_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """What sessions never reach, beside all that is private: public addresses of nodes, for example."""
    dns_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """Name servers beside the cluster's own, such as a cache on each node (169.254.20.10/32)."""

    stream: Literal["auto", "pod", "forward"] = "auto"
    """How streams reach a session: at its address, or forwarded by the API server. `auto`: at its address
    from inside the cluster, forwarded from outside."""
    capacity: Allowance | None = None

    schedule_timeout: float = Field(default=60.0, gt=0)
    """How long the scheduler may look for a place before its verdict is told."""
    home_timeout: float = Field(default=90.0, gt=0)
    """How long a volume may need to be made and attached."""
    pull_timeout: float = Field(default=800.0, gt=0)
    create_timeout: float = Field(default=120.0, gt=0)
    """For all that happens between a node's being chosen and the instance's running, less pulling."""
    answer_timeout: float = Field(default=45.0, gt=0)
    """From running to answering."""
    removal_timeout: float = Field(default=60.0, gt=0)
    """How long an instance may need to be gone."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises SettingsInvalid."""
        given = dict(_given(environment.get(SETTINGS, "")))
        if namespace := environment.get(NAMESPACE):
            given["namespace"] = namespace
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise SettingsInvalid(f"{SETTINGS}: {wrong}") from error


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The same for drivers. Raises PermanentError `settings_invalid`."""
    try:
        return Settings.read(environment)
    except SettingsInvalid as error:
        raise permanent("settings_invalid", str(error)) from error


def _given(text: str) -> Mapping[str, Any]:
    try:
        if text.startswith("@"):
            text = Path(text[1:]).read_text()
        found = json.loads(text or "{}")
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{SETTINGS}: {error}") from error
    if not isinstance(found, dict):
        raise SettingsInvalid(f"{SETTINGS}: an object is expected.")
    return found
