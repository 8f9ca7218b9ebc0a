"""Templates in the public API."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.catalog.rules import Template, TemplateResources
from chalicelib.core.ids import new_id
from chalicelib.core.quantities import (
    BytesQuantity,
    CpuQuantity,
    byte_count,
    cpu_millis,
    format_bytes,
    format_cpu,
    most_storage,
)
from chalicelib.core.schemas import Labels, Name, Page, RequestBody, ResponseBody, Time
from chalicelib.people.schemas import GroupIds
from chalicelib.protocol.instances import Display, Network

Image = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(max_length=2000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Port = Annotated[int, Field(ge=1, le=65535)]
Environment = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=128)],
        Annotated[str, StringConstraints(max_length=4096)],
    ],
    Field(max_length=64),
]
CommandLine = Annotated[
    list[Annotated[str, StringConstraints(max_length=4096)]], Field(min_length=1, max_length=64)
]
Platforms = Annotated[list[Word], Field(max_length=8)]


class DisplayBody(RequestBody):
    width: Annotated[int, Field(ge=320, le=7680)] = 1280
    height: Annotated[int, Field(ge=200, le=4320)] = 800
    frame_rate: Annotated[int, Field(ge=1, le=240)] = 120


class ResourcesBody(RequestBody):
    """Quantities as Kubernetes writes them."""

    cpu: CpuQuantity = "1000m"
    memory: BytesQuantity = "1Gi"
    gpu: Annotated[int, Field(ge=0, le=64)] = 0
    shm: BytesQuantity = "64Mi"
    storage: Annotated[BytesQuantity, AfterValidator(most_storage)] = Field(
        default="5Gi",
        description="What a kept home is expected to need; counts towards quotas, limits no disk.",
    )

    def to_resources(self) -> TemplateResources:
        """As the rules know them."""
        return TemplateResources(
            cpu_millis(self.cpu),
            byte_count(self.memory),
            self.gpu,
            byte_count(self.shm),
            byte_count(self.storage),
        )


class _Fields(RequestBody):
    """What creating and changing both take; see `Template`."""

    description: Text = ""
    icon: Word = "desktop"
    category: Word = "Other"
    port: Port | None = None
    command: CommandLine | None = None
    env: Environment = Field(default_factory=dict)
    resources: ResourcesBody = ResourcesBody()
    network: Network = Network.NONE
    display: DisplayBody = DisplayBody()
    read_only_root: bool = True
    clipboard_in: bool = True
    clipboard_out: bool = True
    persistent_home: bool = True
    platforms: Platforms = Field(default_factory=list)
    controller_labels: Labels = Field(default_factory=dict)
    enabled: bool = True
    group_ids: GroupIds = Field(
        default_factory=list, description="Who may see and use it; everybody when empty."
    )

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, as the rules know them."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        if "resources" in values:
            values["resources"] = values["resources"].to_resources()
        if "display" in values:
            values["display"] = Display(**values["display"].model_dump())
        for name in ("command", "platforms", "group_ids"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        return values


class CreateTemplate(_Fields):
    name: Name
    image: Image
    protocol: Literal["vnc"] = "vnc"

    def to_template(self, tenant_id: str, now: datetime) -> Template:
        """A first version."""
        return Template(
            tenant_id=tenant_id, id=new_id("tpl"), version=1, created_at=now, updated_at=now, **self.given()
        )


class ChangeTemplate(_Fields):
    """Absent fields stay as they are, whatever default the document shows."""

    name: Name = Field(default="")
    image: Image = Field(default="")

    def apply(self, template: Template) -> Template:
        """The template with the given fields changed."""
        return replace(template, **self.given())


class ResourcesView(ResponseBody):
    cpu: str
    memory: str
    gpu: int
    shm: str
    storage: str


class DisplayView(ResponseBody):
    width: int
    height: int
    frame_rate: int


class TemplateView(ResponseBody):
    id: str
    version: int
    name: str
    description: str
    icon: str
    category: str
    image: str
    protocol: Literal["vnc", "http"]
    port: int | None
    command: list[str] | None
    env: dict[str, str]
    resources: ResourcesView
    network: Network
    display: DisplayView
    read_only_root: bool
    clipboard_in: bool
    clipboard_out: bool
    persistent_home: bool
    platforms: list[str]
    controller_labels: dict[str, str]
    enabled: bool
    group_ids: list[str]
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, template: Template) -> "TemplateView":
        """From the domain."""
        resources = template.resources
        shown = {
            **{name: getattr(template, name) for name in cls.model_fields},
            "command": list(template.command) if template.command is not None else None,
            "platforms": list(template.platforms),
            "group_ids": list(template.group_ids),
            "resources": ResourcesView(
                cpu=format_cpu(resources.cpu_millis),
                memory=format_bytes(resources.memory_bytes),
                gpu=resources.gpu,
                shm=format_bytes(resources.shm_bytes),
                storage=format_bytes(template.storage_bytes),
            ),
            "display": DisplayView(**template.display.model_dump()),
        }
        return cls(**shown)


class TemplatePage(Page[TemplateView]):
    """A page of templates."""
