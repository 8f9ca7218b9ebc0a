"""The app's own handlers, fed as AWS feeds them: table streams in, pushes to connections out."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from chalicelib.events.push import Pusher
from tests.support.lambda_client import LambdaClient, _Context


@dataclass
class Sockets:
    """Open WebSockets as API Gateway sees them. What was sent to each, by connection id."""

    app: Any
    url: str = ""
    received: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    gone: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    made: int = 0

    def open(self) -> str:
        self.made += 1
        connection_id = f"connection-{id(self)}-{self.made}"
        self._call(self.app.event_socket_opened, connection_id)
        return connection_id

    def say(self, connection_id: str, message: Any) -> None:
        body = message if isinstance(message, str) else json.dumps(message)
        self._call(self.app.event_socket_said, connection_id, body=body)

    def close(self, connection_id: str) -> None:
        self._call(self.app.event_socket_closed, connection_id)

    def events(self, connection_id: str) -> list[Any]:
        return [each for each in self.received[connection_id] if each["type"] == "event"]

    @staticmethod
    def _call(handler: Any, connection_id: str, **more: Any) -> None:
        context = {"connectionId": connection_id, "domainName": "x.invalid", "stage": "api", "apiId": "x"}
        handler({"requestContext": context, **more}, _Context())


@pytest.fixture
def sockets(control_plane: Any) -> Iterator[Sockets]:
    sockets = Sockets(control_plane)

    class Management(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection_id = self.path.removeprefix("/@connections/")
            if connection_id in sockets.gone:
                self._answer(410)
                return
            sockets.received[connection_id].append(json.loads(body))
            self._answer(200)

        def do_DELETE(self) -> None:
            sockets.closed.add(self.path.removeprefix("/@connections/"))
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Management)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sockets.url = f"http://127.0.0.1:{server.server_port}"
    before = control_plane.pusher
    pusher = Pusher(replace(control_plane.settings, events_push_endpoint=sockets.url))
    for service in (control_plane.events, control_plane.sockets):
        object.__setattr__(service, "pusher", pusher)
    yield sockets
    for service in (control_plane.events, control_plane.sockets):
        object.__setattr__(service, "pusher", before)
    server.shutdown()
    server.server_close()


@dataclass
class TableStream:
    """One table's stream; `deliver` hands over what is new, as the runner and Lambda do."""

    table: str
    handler: Any
    tenant_id: str
    position: int = 0
    batch: list[dict[str, Any]] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        """All of this tenant's."""
        streams = boto3.client("dynamodbstreams")
        arn = boto3.client("dynamodb").describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        found: list[dict[str, Any]] = []
        while iterator:
            answer = streams.get_records(ShardIterator=iterator, Limit=1000)
            if not answer["Records"]:
                break
            found += answer["Records"]
            iterator = answer.get("NextShardIterator")
        wanted = {"S": self.tenant_id}
        mine = [each for each in found if each["dynamodb"]["Keys"].get("tenant_id") == wanted]
        for each in mine:
            each["dynamodb"]["ApproximateCreationDateTime"] = 0
            each["eventSourceARN"] = arn
        return mine

    def deliver(self) -> None:
        """What has not been delivered yet, in one batch."""
        found = self.records()
        self.batch, self.position = found[self.position :], len(found)
        if self.batch:
            self.handler({"Records": self.batch}, _Context())

    def again(self) -> None:
        """The last batch once more."""
        self.handler({"Records": self.batch}, _Context())


@pytest.fixture
def changes(control_plane: Any, tenant: Any) -> TableStream:
    """The stream of controllers, of this test's tenant."""
    return TableStream("streamspace-controllers", control_plane.controllers_changed, tenant.id)


@pytest.fixture
def ticket(client: LambdaClient) -> Any:
    """A ticket for the holder of an access token."""

    def issue(token: str) -> str:
        answer = client("POST", "/v1/events/ticket", token=token)
        assert answer.status == 200, answer.text
        found: str = answer.json["ticket"]
        return found

    return issue
