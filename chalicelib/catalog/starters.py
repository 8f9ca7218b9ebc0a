"""What the catalog of a new organisation begins with: the images that `infra/images` builds."""

from datetime import datetime

from chalicelib.catalog.rules import Template, TemplateResources
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Network

_MIB, _GIB = 2**20, 2**30


def starters(tenant_id: str, tag: str, now: datetime) -> list[Template]:
    """Templates of `streamspace/<name>:<tag>`. What an application wants was measured (Firefox: 2 GiB,
    512 MiB of shared memory)."""
    terminal = Template(
        tenant_id,
        new_id("tpl"),
        1,
        "Terminal",
        f"streamspace/terminal:{tag}",
        now,
        now,
        description="A shell in a window: the smallest session, up in a fraction of a second.",
        icon="terminal",
        category="Development",
        resources=TemplateResources(500, 512 * _MIB),
    )
    desktop = Template(
        tenant_id,
        new_id("tpl"),
        1,
        "Desktop",
        f"streamspace/desktop:{tag}",
        now,
        now,
        description="A desktop with file manager, text editor and the usual tools.",
        icon="desktop",
        category="Desktops",
        resources=TemplateResources(1000, _GIB),
    )
    firefox = Template(
        tenant_id,
        new_id("tpl"),
        1,
        "Firefox",
        f"streamspace/firefox:{tag}",
        now,
        now,
        description="Firefox ESR, with access to the internet and to nothing else.",
        icon="firefox",
        category="Browsers",
        network=Network.INTERNET,
        resources=TemplateResources(2000, 2 * _GIB, shm_bytes=512 * _MIB),
    )
    return [terminal, desktop, firefox]
