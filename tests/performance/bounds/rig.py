"""A control plane in this process, on an emulator of its own, and tenants with an agent each."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from tests.support.desk import Desk
from tests.support.emulator import Emulator
from tests.support.lambda_client import LambdaClient

ROOMY = {"cpu_millis": 10**8, "memory_bytes": 2**50}
"""A controller that takes whatever is put on it."""


@dataclass(frozen=True)
class Rig:
    """`app` is the composition root, called through its Lambda entry point."""

    app: Any
    client: LambdaClient

    def desk(self) -> Desk:
        """A tenant of its own, with a template and a roomy controller that is online."""
        from tests.functional.conftest import make_tenant

        tenant = make_tenant(self.app, self.client)
        return Desk.ready(self.app, self.client, tenant, capacity=ROOMY)


@contextmanager
def control_plane() -> Iterator[Rig]:
    """Only once in a process: the product reads its configuration once. `tests.conftest` has set it."""
    with tempfile.TemporaryDirectory(prefix="streamspace-bounds-") as folder:
        emulator = Emulator(os.environ["AWS_ENDPOINT_URL"], Path(folder))
        emulator.start()
        try:
            from chalicelib.core.config import config
            from infra import buckets, tables

            tables.create_all()
            buckets.create(config())
            import app
            from chalicelib.identity import passwords

            # Argon2 is meant to be slow; what it costs is not what this is about.
            passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
            yield Rig(app, LambdaClient(app.app))
        finally:
            emulator.stop()
