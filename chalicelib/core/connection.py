"""One DynamoDB client for all models.

PynamoDB makes a session and a client for each model at its first use: with two dozen models that is a quarter
of a gigabyte, and a tenth of a second each on the way of a first request. The settings are the same for all,
and botocore's clients may be shared by threads. Where a tenant role is configured, this one client signs as
the running code is confined (`credentials.py`).
"""

import threading
from typing import Any, ClassVar

from pynamodb.connection import Connection, table

from chalicelib.core.config import config
from chalicelib.core.credentials import confine


class SharedConnection(Connection):
    """A connection whose client is the process's."""

    _shared: ClassVar[Any] = None
    _making: ClassVar[threading.Lock] = threading.Lock()

    @property
    def client(self) -> Any:
        if SharedConnection._shared is None:
            with self._making:
                if SharedConnection._shared is None:
                    role = config().tenant_role_arn
                    if role is not None:
                        confine(self.session, role, config().region)
                    SharedConnection._shared = super().client
        return SharedConnection._shared


def share() -> None:
    """From now on, models connect this way. Call before any model is used."""
    table.Connection = SharedConnection  # type: ignore[attr-defined]
