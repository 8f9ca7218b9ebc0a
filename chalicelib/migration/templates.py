"""What a template's manifest becomes. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.catalog.service import Template, TemplateResources
from chalicelib.migration.amounts import amounts
from chalicelib.migration.names import stable_id
from chalicelib.migration.notes import Blocked, Note, Spec
from chalicelib.migration.reading import Manifest
from chalicelib.protocol.instances import Network

_ENV_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")
_MOST_VARIABLES, _LONGEST_VALUE = 64, 4096
_ICONS = {"browser": "firefox", "desktop": "desktop", "develop": "terminal"}
_LONGEST_WORD = 40


@dataclass(frozen=True)
class ImportedTemplate:
    template: Template
    notes: tuple[Note, ...]


def imported(
    manifest: Manifest, tenant_id: str, now: datetime, *, images: Mapping[str, str], known: frozenset[str]
) -> ImportedTemplate:
    """`images` says what to use instead of an image; `known` are images that templates here already use.

    A template whose image is neither replaced nor known is imported switched off: the original ran images
    with a web server of their own, and one of those would start here and never answer. Raises Blocked.
    """
    spec = Spec(manifest.spec)
    _must_stream(spec)
    asked = str(spec.take("baseImage") or "")
    if not asked:
        raise Blocked("spec.baseImage", "It names no image.")
    image = images.get(asked, asked)
    proven = asked in images or image in known
    if image != asked:
        spec.changed("baseImage", f"{image} is used instead, as asked for.")
    cpu, memory, gpu = amounts(spec, "defaultResources")
    defaults = TemplateResources()
    network, clipboard = _capabilities(spec)
    category = spec.text("category", most=_LONGEST_WORD, otherwise="Other")
    template = Template(
        tenant_id=tenant_id,
        id=stable_id("tpl", tenant_id, manifest.name),
        version=1,
        name=spec.text("displayName", most=80, otherwise=manifest.name[:80]),
        image=image,
        created_at=now,
        updated_at=now,
        description=spec.text("description", most=2000, otherwise=""),
        category=category,
        icon=_icon(spec, category),
        env=_environment(spec),
        resources=TemplateResources(
            cpu_millis=cpu or defaults.cpu_millis, memory_bytes=memory or defaults.memory_bytes, gpu=gpu or 0
        ),
        network=network,
        clipboard_in=clipboard,
        clipboard_out=clipboard,
        persistent_home=_home(spec),
        enabled=proven,
    )
    if not proven:
        spec.changed(
            "baseImage",
            f"The template is switched off: {image[:120]} was made for the original. Say which image to use "
            "instead, or switch it on once the image is one that StreamSpace can stream.",
        )
    _pass_over(spec)
    return ImportedTemplate(template, spec.close())


def _must_stream(spec: Spec) -> None:
    """Raises Blocked for apps that are web pages of their own."""
    modern, legacy = spec.mapping("vnc"), spec.mapping("kasmvnc")
    screen = modern or legacy
    kind = str(spec.take("streamingProtocol") or spec.take("appType") or "vnc").lower()
    page = spec.take("webapp")
    web = isinstance(page, dict) and page.get("enabled") is not False and screen.get("enabled") is not True
    if kind not in ("vnc", "desktop", "rfb") or screen.get("enabled") is False or web:
        raise Blocked(
            "spec.vnc",
            "It is a web app with a page of its own; only what shows a screen (VNC) can be imported.",
        )
    if legacy:
        spec.changed("kasmvnc", "Sessions are shown by TigerVNC; the image has to bring it.")
    for name in sorted(set(modern) - {"enabled"}):
        spec.lost(f"vnc.{str(name)[:40]}", "How a session is reached is decided here, not by templates.")
    if spec.items("ports"):
        spec.lost("ports", "Sessions open no ports of their own.")


def _capabilities(spec: Spec) -> tuple[Network, bool]:
    """Network and clipboard. The original gave both to whatever did not say."""
    named = {str(each).lower() for each in spec.items("capabilities")}
    for each in sorted(named - {"network", "clipboard"}):
        spec.lost("capabilities", f"{each[:40].capitalize()} is not carried to the browser here.")
    if not named:
        return Network.INTERNET, True
    return (Network.INTERNET if "network" in named else Network.NONE), "clipboard" in named


def _environment(spec: Spec) -> dict[str, str]:
    kept: dict[str, str] = {}
    for each in spec.items("env"):
        variable: dict[str, Any] = each if isinstance(each, dict) else {}
        name, value = str(variable.get("name", ""))[:128], variable.get("value")
        if value is None or isinstance(value, (dict, list)):
            spec.lost(f"env.{name}", "Its value is kept elsewhere (valueFrom), missing, or no text.")
        elif not _ENV_NAME.fullmatch(name) or name.startswith("STREAMSPACE_"):
            spec.lost(f"env.{name}", "A template may not set a variable of that name.")
        elif len(str(value)) > _LONGEST_VALUE or len(kept) == _MOST_VARIABLES:
            spec.lost(f"env.{name}", f"At most {_MOST_VARIABLES} variables of {_LONGEST_VALUE} characters.")
        else:
            kept[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return kept


def _home(spec: Spec) -> bool:
    """Whether files are kept. The original mounted a home wherever the image wanted it."""
    mounts = [each for each in spec.items("volumeMounts") if isinstance(each, dict)]
    homes = [each for each in mounts if "home" in str(each.get("name", "")).lower()]
    for each in mounts:
        name, path = str(each.get("name", ""))[:60], str(each.get("mountPath", ""))[:120]
        if each not in homes:
            spec.lost(f"volumeMounts.{name}", "Sessions have one volume: their home.")
        elif path.rstrip("/") != "/home/user":
            spec.changed(f"volumeMounts.{name}", f"The home is at /home/user, not at {path}.")
    return bool(homes) or not mounts


def _icon(spec: Spec, category: str) -> str:
    if spec.take("icon"):
        spec.changed("icon", "Icons are chosen from a list here; one that fits its category was taken.")
    return next((icon for word, icon in _ICONS.items() if word in category.lower()), "desktop")


def _pass_over(spec: Spec) -> None:
    if tags := [str(each)[:40] for each in spec.items("tags")]:
        spec.lost("tags", f"Templates have a category and no tags ({', '.join(tags)[:200]}).")
