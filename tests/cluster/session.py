"""One session of a test: by the public API, by what its viewer sees, and by what the cluster has of it."""

import json
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.cluster.agents import Controller
from tests.cluster.grounds import Grounds
from tests.support.stack import wait_until
from tests.support.viewer import Viewer

SLOW = 120
"""Seconds that a real cluster may take for a session's change of state."""
KINDS = (
    ("/apis/apps/v1", "statefulsets"),
    ("/api/v1", "pods"),
    ("/api/v1", "secrets"),
    ("/api/v1", "services"),
    ("/api/v1", "persistentvolumeclaims"),
    ("/apis/networking.k8s.io/v1", "networkpolicies"),
)


class Session:
    """Asked for when it is made."""

    def __init__(self, controller: Controller, grounds: Grounds, template_id: str, **body: Any) -> None:
        self.controller, self.grounds = controller, grounds
        asked = {"template_id": template_id, "controller_id": controller.id, **body}
        answer = controller.api("POST", "/v1/sessions", asked)
        assert answer.status_code == 201, answer.text
        self.id = str(answer.json()["id"])

    def wait(self, *states: str, seconds: float = SLOW) -> dict[str, Any]:
        """Fails at once where it ends in failure, with all that there is to read about it."""
        try:
            view = self.controller.api.wait(self.id, *states, "failed", seconds=seconds)
            assert view["state"] in states, view["reason"]
        except AssertionError:
            print(self.controller.logs())
            raise
        return view

    def view(self) -> dict[str, Any]:
        return dict(self.controller.api("GET", f"/v1/sessions/{self.id}").json())

    def ask(self, what: str) -> None:
        answer = self.controller.api("POST", f"/v1/sessions/{self.id}/{what}", {})
        assert answer.status_code < 300, answer.text

    def streams(self, seconds: float = 30) -> bool:
        """A desktop's pixels come through. A stream that does not stand yet is asked for again."""
        said: list[str] = []

        def shown() -> bool:
            access = self.controller.api("POST", f"/v1/sessions/{self.id}/connect", {}).json()
            try:
                protocols = [Subprotocol("binary"), Subprotocol(f"ticket.{access['ticket']}")]
                with connect(access["url"], subprotocols=protocols, proxy=None) as websocket:
                    viewer = Viewer(websocket)
                    wait_until(lambda: viewer.colours() > 2, 20)
            except (WebSocketException, OSError, AssertionError, KeyError) as error:
                said.append(f"{access.get('url')}: {error!r}")
                return False
            return True

        try:
            return bool(wait_until(shown, seconds, every=0.5))
        except TimeoutError:
            raise AssertionError(f"{said[-3:]}\n{self.controller.logs()}") from None

    def printed(self) -> list[str]:
        """Its log, as a person reads it."""
        access = self.controller.api("POST", f"/v1/sessions/{self.id}/logs").json()
        protocols = [Subprotocol("streamspace.logs.v1"), Subprotocol(f"ticket.{access['ticket']}")]
        with connect(access["url"], subprotocols=protocols, proxy=None) as websocket:
            return list(json.loads(websocket.recv(timeout=20))["lines"])

    def inside(self, *command: str) -> str:
        return self.grounds.api.run(self.controller.namespace, str(self.pod()["metadata"]["name"]), *command)

    def pod(self) -> dict[str, Any]:
        [found] = self.objects("/api/v1", "pods")
        return found

    def objects(self, group: str, plural: str) -> list[dict[str, Any]]:
        where = f"{group}/namespaces/{self.controller.namespace}/{plural}"
        found = self.grounds.api.items(where)
        return [
            each
            for each in found
            if (each["metadata"].get("labels") or {}).get("streamspace.session") == self.id
        ]

    def remains(self) -> list[str]:
        """All that the cluster has of it."""
        return [
            f"{plural} {each['metadata']['name']}"
            for group, plural in KINDS
            for each in self.objects(group, plural)
        ]

    def terminate(self) -> None:
        """Nothing of it is left."""
        self.controller.api("DELETE", f"/v1/sessions/{self.id}?delete_home=true")
        self.wait("terminated")
        try:
            wait_until(
                lambda: not self.remains(), 30, every=0.3
            )  # the cluster's garbage collector comes after
        except TimeoutError:
            raise AssertionError(f"left: {self.remains()}") from None
