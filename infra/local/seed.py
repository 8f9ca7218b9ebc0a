"""What must be there before the api starts: signing keys, tables, the bucket, a demo tenant with its
administrator.

Safe to run again at any time: it adds what is missing and changes nothing. The password is written to
`.streamspace/env` before the user is made, so that a crash in between cannot lose it.
"""

import os
import secrets
import sys

from chalicelib.core import keys
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict
from infra import buckets, tables
from infra.local.settings import Settings, read, write_secret

TENANT_SLUG, TENANT_NAME = "demo", "Demo"
EMAIL = "admin@example.com"


def main() -> int:
    settings = read(os.environ)
    signing = settings.keys / "signing.json"
    if not signing.exists():
        write_secret(signing, keys.generate())
    created = tables.create_all()
    if created:
        print(f"created {', '.join(created)}")
    buckets.create(config())
    ensure_administrator(settings)
    return 0


def ensure_administrator(settings: Settings) -> None:
    """The demo tenant and its owner, with the credentials of the environment file."""
    # Imported here: the app reads the keys and connects to the tables.
    from app import catalog, identity, tenancy, uow  # noqa: PLC0415
    from chalicelib.identity.service import Role  # noqa: PLC0415

    known = credentials(settings)
    password = known.get("STREAMSPACE_PASSWORD") or secrets.token_urlsafe(12)
    lines = {
        "STREAMSPACE_URL": settings.public_url,
        "STREAMSPACE_EMAIL": known.get("STREAMSPACE_EMAIL") or EMAIL,
        "STREAMSPACE_PASSWORD": password,
    }
    write_secret(settings.env_file, "".join(f"{name}={value}\n" for name, value in lines.items()))
    tenant = tenancy.find(TENANT_SLUG)
    if tenant is None:
        # Whoever runs the stack owns the machine: any image may run, unlike in a hosted tenant.
        tenant, writes = tenancy.add(TENANT_SLUG, TENANT_NAME, allowed_images=("*",))
        uow.commit([*writes, *catalog.starters(tenant.id)])
    try:
        identity.create_user(tenant.id, lines["STREAMSPACE_EMAIL"], "Administrator", password, Role.OWNER)
        print(f"created tenant {TENANT_SLUG} and {EMAIL}")
    except Conflict:
        return  # it is there, with this password or one that was changed since


def credentials(settings: Settings) -> dict[str, str]:
    """What the environment file says; empty before the first start."""
    if not settings.env_file.exists():
        return {}
    lines = settings.env_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


if __name__ == "__main__":
    sys.exit(main())
