"""Posts messages to open WebSockets through API Gateway's management API, or what stands in for it."""

import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.config import Config
from chalicelib.core.telemetry import logger
from chalicelib.events.store import Connection


class Delivery(Enum):
    """What became of a message. After `GONE` the connection is no more; `FAILED` says nothing about it."""

    DONE = auto()
    GONE = auto()
    FAILED = auto()


class Pusher:
    """The edge. Failures are not retried: numbers let clients notice what they missed."""

    def __init__(self, config: Config, client: Callable[..., Any] = boto3.client) -> None:
        self._config = config
        self._make = client
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def send(self, connection: Connection, text: str) -> Delivery:
        """Post one message."""
        return self._call(connection, "post_to_connection", Data=text.encode())

    def close(self, connection: Connection) -> Delivery:
        """End the connection."""
        return self._call(connection, "delete_connection")

    def _call(self, connection: Connection, operation: str, **arguments: Any) -> Delivery:
        endpoint = self._config.events_push_endpoint or connection.endpoint
        try:
            getattr(self._client(endpoint), operation)(ConnectionId=connection.id, **arguments)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 410:
                return Delivery.GONE
            return self._failed(connection, error)
        except BotoCoreError as error:
            return self._failed(connection, error)
        return Delivery.DONE

    @staticmethod
    def _failed(connection: Connection, error: Exception) -> Delivery:
        logger.warning("event not pushed", extra={"connection_id": connection.id, "error": str(error)[:200]})
        return Delivery.FAILED

    def _client(self, endpoint: str) -> Any:
        with self._lock:  # clients may be shared by threads, making them may not
            if endpoint not in self._clients:
                limits = BotoConfig(
                    connect_timeout=1,
                    read_timeout=3,
                    max_pool_connections=40,
                    retries={"total_max_attempts": 1},
                )
                self._clients[endpoint] = self._make(
                    "apigatewaymanagementapi",
                    region_name=self._config.region,
                    endpoint_url=endpoint,
                    config=limits,
                )
            return self._clients[endpoint]
