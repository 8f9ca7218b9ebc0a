"""One DynamoDB client for all models.

PynamoDB makes a session and a client for each model at its first use: with two dozen models that is a quarter
of a gigabyte, and a tenth of a second each on the way of a first request. The settings are the same for all,
and botocore's clients may be shared by threads.
"""

import threading
from typing import Any, ClassVar

from pynamodb.connection import Connection, table


class SharedConnection(Connection):
    """A connection whose client is the process's."""

    _shared: ClassVar[Any] = None
    _making: ClassVar[threading.Lock] = threading.Lock()

    @property
    def client(self) -> Any:
        if SharedConnection._shared is None:
            with self._making:
                if SharedConnection._shared is None:
                    SharedConnection._shared = super().client
        return SharedConnection._shared


def share() -> None:
    """From now on, models connect this way. Call before any model is used."""
    table.Connection = SharedConnection  # type: ignore[attr-defined]
