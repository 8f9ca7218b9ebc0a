"""What a template is."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.core.errors import Invalid
from chalicelib.protocol.instances import Display, Network

_IMAGE = re.compile(
    r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$",
    re.ASCII,
)
_ENV_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")
RESERVED_ENV = "STREAMSPACE_"


@dataclass(frozen=True)
class TemplateResources:
    """What a session gets unless it asks otherwise. CPU in thousandths of a core, the rest in bytes.

    Storage is what a home is expected to need: it counts towards quotas and limits no disk."""

    cpu_millis: int = 1000
    memory_bytes: int = 2**30
    gpu: int = 0
    shm_bytes: int = 64 * 2**20
    storage_bytes: int = 5 * 2**30


@dataclass(frozen=True)
class Template:
    """A versioned description of an app or desktop; with `group_ids` for people of those groups only."""

    tenant_id: str
    id: str
    version: int
    name: str
    image: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    icon: str = "desktop"
    category: str = "Other"
    protocol: Literal["vnc", "http"] = "vnc"
    port: int | None = None
    command: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)
    resources: TemplateResources = TemplateResources()
    network: Network = Network.NONE
    display: Display = field(default_factory=Display)
    read_only_root: bool = True
    clipboard_in: bool = True
    clipboard_out: bool = True
    persistent_home: bool = True
    platforms: tuple[str, ...] = ()
    controller_labels: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    group_ids: tuple[str, ...] = ()

    @property
    def storage_bytes(self) -> int:
        """The declared size of its sessions' homes; nothing where none is kept."""
        return self.resources.storage_bytes if self.persistent_home else 0


def check(template: Template) -> Template:
    """Raises Invalid that names the field."""
    if len(template.image) > 255 or not _IMAGE.fullmatch(template.image):
        raise Invalid.field("image", "Use an image reference such as registry.example/team/app:1.2.")
    if template.protocol == "http" and template.port is None:
        raise Invalid.field("port", "An HTTP app needs the port that it listens on.")
    for name in template.env:
        if not _ENV_NAME.fullmatch(name) or name.startswith(RESERVED_ENV):
            raise Invalid.field("env", f"{name[:40]} is not a name that a template may set.")
    return template
