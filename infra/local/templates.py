"""The templates that a new installation has: what `infra/images` builds."""

from typing import Any


def templates(tag: str) -> list[dict[str, Any]]:
    """Bodies of POST /v1/templates. What an application wants was measured (Firefox: 2 GiB, 512 MiB
    shm)."""
    return [
        {
            "name": "Terminal",
            "description": "A shell in a window: the smallest session, up in a fraction of a second.",
            "icon": "terminal",
            "category": "Development",
            "image": f"streamspace/terminal:{tag}",
            "resources": {"cpu": "500m", "memory": "512Mi"},
        },
        {
            "name": "Desktop",
            "description": "A desktop with file manager, text editor and the usual tools.",
            "icon": "desktop",
            "category": "Desktops",
            "image": f"streamspace/desktop:{tag}",
            "resources": {"cpu": "1000m", "memory": "1Gi"},
        },
        {
            "name": "Firefox",
            "description": "Firefox ESR, with access to the internet and to nothing else.",
            "icon": "firefox",
            "category": "Browsers",
            "image": f"streamspace/firefox:{tag}",
            "network": "internet",
            "resources": {"cpu": "2000m", "memory": "2Gi", "shm": "512Mi"},
        },
    ]
