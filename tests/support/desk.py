"""A tenant with a template and an agent: everything that a session's life needs, call by call."""

import itertools
import json
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3

from chalicelib.core.clock import utc_now
from chalicelib.sessions.service import Session, SessionService
from chalicelib.sessions.store import Due
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import Answer, LambdaClient

_sequence = itertools.count(1)


@dataclass
class Desk:
    """`app` is the composition root, `tenant` the people, `agent` the one controller's agent."""

    app: Any
    client: LambdaClient
    tenant: Any
    agent: FakeAgent
    template_id: str = ""

    @classmethod
    def ready(cls, app: Any, client: LambdaClient, tenant: Any, **heartbeat: Any) -> "Desk":
        """With a template of 1 core and 1Gi and a controller that is online."""
        desk = cls(app, client, tenant, FakeAgent.online(client, tenant.admin, **heartbeat))
        desk.template_id = desk.template()
        return desk

    # People

    def template(self, **changes: Any) -> str:
        body = {"name": "Desktop", "image": "streamspace/desktop:dev", **changes}
        answer = self.client("POST", "/v1/templates", body, token=self.tenant.admin)
        assert answer.status == 201, answer.text
        found: str = answer.json["id"]
        return found

    def create(
        self, *, token: str | None = None, headers: dict[str, str] | None = None, **body: Any
    ) -> Answer:
        asked = {"template_id": self.template_id, **body}
        return self.client("POST", "/v1/sessions", asked, token=token or self.tenant.member, headers=headers)

    def launch(self, **body: Any) -> Any:
        answer = self.create(**body)
        assert answer.status == 201, answer.text
        return answer.json

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """As the member, unless another token is given."""
        return self.client(method, path, body, **{"token": self.tenant.member, **more})

    def do(self, session_id: str, action: str) -> Answer:
        return self.call("POST", f"/v1/sessions/{session_id}/{action}")

    def delete(self, session_id: str, **query: Any) -> Answer:
        return self.call("DELETE", f"/v1/sessions/{session_id}", query=query or None)

    def view(self, session_id: str) -> Any:
        answer = self.call("GET", f"/v1/sessions/{session_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def timeline(self, session_id: str) -> list[tuple[str | None, str, str]]:
        answer = self.call("GET", f"/v1/sessions/{session_id}/timeline", query={"limit": 200})
        assert answer.status == 200, answer.text
        return [(each["from"], each["to"], each["cause"]) for each in answer.json["items"]]

    def charge(self, name: str = "Design") -> str:
        """The id of a group of its own, which the member's sessions are charged to from now on."""
        made = self.client("POST", "/v1/groups", {"name": name}, token=self.tenant.admin)
        assert made.status == 201, made.text
        group_id: str = made.json["id"]
        path = f"/v1/groups/{group_id}/members/{self.tenant.member_id}"
        assert self.client("PUT", path, token=self.tenant.admin).status == 204
        return group_id

    def limit(self, scope: str, **limits: Any) -> Answer:
        """Set limits: `tenant`, `user-default`, `users/<id>` or `groups/<id>`."""
        return self.client("PUT", f"/v1/quotas/{scope}", {"limits": limits}, token=self.tenant.admin)

    # The agent

    def messages(self) -> list[dict[str, Any]]:
        """Everything that waits on the controller's queue, taken off it."""
        sqs = boto3.client("sqs")
        url, found = self.agent.queue["queue_url"], []
        while True:
            batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not batch:
                return found
            for each in batch:
                found.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])

    def command(self, session_id: str) -> str:
        """The open command's id, as its reference has it."""
        reference = self.stored(session_id).reference()
        assert reference is not None, "no command is open"
        return reference.command_id

    def claim(self, command_id: str, claim_id: str | None = None, agent: FakeAgent | None = None) -> Answer:
        agent = agent or self.agent
        body = {"epoch": agent.epoch, "claim_id": claim_id or str(uuid.uuid4())}
        return agent.post(f"/agent/v1/commands/{command_id}/claim", body)

    def claimed(self, session_id: str) -> tuple[str, int]:
        """Claim the open command: its id and the fence."""
        command_id = self.command(session_id)
        answer = self.claim(command_id)
        assert answer.status == 200, answer.text
        return command_id, answer.json["fence"]

    def renew(self, command_id: str, fence: int) -> Answer:
        body = {"epoch": self.agent.epoch, "fence": fence}
        return self.agent.post(f"/agent/v1/commands/{command_id}/renew", body)

    def result(self, command_id: str, fence: int, outcome: str = "succeeded", **reason: str) -> Answer:
        body = {
            "epoch": self.agent.epoch,
            "fence": fence,
            "sequence": next(_sequence),
            "outcome": outcome,
            "reason": reason or None,
        }
        return self.agent.post(f"/agent/v1/commands/{command_id}/result", body)

    def status(self, session_id: str, fence: int, **said: Any) -> Answer:
        body = {"epoch": self.agent.epoch, "fence": fence, "sequence": next(_sequence), **said}
        return self.agent.post(f"/agent/v1/sessions/{session_id}/status", body)

    def carry_out(self, session_id: str, outcome: str = "succeeded", **reason: str) -> int:
        """Claim and report; the fence."""
        command_id, fence = self.claimed(session_id)
        answer = self.result(command_id, fence, outcome, **reason)
        assert answer.status == 200, answer.text
        return fence

    def running(self, **body: Any) -> str:
        """The id of a session that runs."""
        session_id: str = self.launch(**body)["id"]
        self.carry_out(session_id)
        return session_id

    def inventory(
        self, *instances: tuple[str, int, str], homes: tuple[str, ...] = (), after: float = 60
    ) -> Any:
        """The answer to an inventory that began `after` seconds from now, seen from then."""
        from chalicelib.protocol.agents import InventoryReport

        report = InventoryReport.model_validate(
            {
                "epoch": self.agent.epoch,
                "started_at": utc_now() + timedelta(seconds=after),
                "homes": homes,
                "instances": [
                    {
                        "tenant_id": self.tenant.id,
                        "session_id": session_id,
                        "incarnation": incarnation,
                        "state": state,
                    }
                    for session_id, incarnation, state in instances
                ],
            }
        )
        return self.later(after + 1).inventories.compare(self.caller(), report)

    def caller(self) -> Any:
        """Whom the agent's signature proves."""
        from chalicelib.controllers.service import AgentCaller

        enrolment = self.agent.enrolment
        return AgentCaller(
            self.tenant.id, self.agent.controller_id, enrolment["agent_id"], enrolment["key_id"]
        )

    # Behind the scenes

    def stored(self, session_id: str) -> Session:
        session: Session | None = self.app.sessions.store.get(self.tenant.id, session_id)
        assert session is not None
        return session

    def later(self, seconds: float) -> SessionService:
        """The same service at another time."""

        def clock() -> Any:
            return utc_now() + timedelta(seconds=seconds)

        controllers = replace(self.app.controllers, clock=clock)
        service: SessionService = replace(self.app.sessions, clock=clock, controllers=controllers)
        return service

    def attend(self, session_id: str, seconds: float) -> None:
        """What the sweeper does for one session so many seconds from now."""
        session = self.stored(session_id)
        service = self.later(seconds)
        due = Due(session.tenant_id, session.id, session.due_at or service.clock())
        service.sweeper.attend(due, service.clock())

    def drift(self) -> Any:
        """Where the books differ from what sessions hold."""
        return self.app.sessions.recount(self.tenant.id)

    def used(self, scope: str = "tenant", subject_id: str | None = None) -> Any:
        """What a quota has booked: the tenant's, unless another is named. None where it has none."""
        items = self.client("GET", "/v1/quotas", token=self.tenant.admin).json["items"]
        found = [each for each in items if (each["scope"], each["subject_id"]) == (scope, subject_id)]
        return found[0]["used"] if found else None

    def booked(self) -> Any:
        """What the controller has booked."""
        path = f"/v1/controllers/{self.agent.controller_id}"
        return self.client("GET", path, token=self.tenant.admin).json["booked"]
