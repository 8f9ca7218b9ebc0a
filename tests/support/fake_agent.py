"""An agent as the control plane sees it: enrols, signs with the agent's own code, reports."""

import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import public_key_text
from agent.client.signing import Signer
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.keys import rotation_proof
from tests.support.lambda_client import Answer, LambdaClient

CAPACITY = {"cpu_millis": 8000, "memory_bytes": 16 * 2**30, "gpu": 0, "disk_free_bytes": 50 * 2**30}
OK = {"state": "ok"}


def enrollment_token(client: LambdaClient, admin: str, **body: Any) -> str:
    """A new token, created as an administrator does."""
    answer = client("POST", "/v1/controllers/enrollment-tokens", body, token=admin)
    assert answer.status == 201, answer.text
    token: str = answer.json["token"]
    return token


def enroll(
    client: LambdaClient,
    token: str,
    *,
    key: Ed25519PrivateKey | None = None,
    backend_id: str | None = None,
    **more: Any,
) -> Answer:
    """The raw answer to an enrolment."""
    body = {
        "token": token,
        "public_key": public_key_text(key or Ed25519PrivateKey.generate()),
        "backend": {"platform": "docker", "id": backend_id or str(uuid.uuid4()), "name": "a host"},
        "agent_version": "0.1.0",
        "protocol_version": PROTOCOL_VERSION,
        **more,
    }
    return client("POST", "/agent/v1/enroll", body)


@dataclass
class FakeAgent:
    """Enrolled; `boot` gives it an epoch."""

    client: LambdaClient
    key: Ed25519PrivateKey
    enrolment: dict[str, Any]
    backend_id: str
    skew: timedelta = timedelta()
    epoch: int = 0
    boot_id: str = ""
    sequence: int = 0
    queue: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def enrolled(cls, client: LambdaClient, admin: str, **token: Any) -> "FakeAgent":
        """A new agent on a backend of its own, with a new controller."""
        key, backend_id = Ed25519PrivateKey.generate(), str(uuid.uuid4())
        answer = enroll(client, enrollment_token(client, admin, **token), key=key, backend_id=backend_id)
        assert answer.status == 200, answer.text
        return cls(client, key, answer.json, backend_id)

    @classmethod
    def online(cls, client: LambdaClient, admin: str, **heartbeat: Any) -> "FakeAgent":
        """Enrolled, booted and heard from once."""
        agent = cls.enrolled(client, admin)
        agent.boot()
        answer = agent.beat(**heartbeat)
        assert answer.status == 200, answer.text
        return agent

    def joined(self, admin: str) -> "FakeAgent":
        """Another agent of the same controller, booted."""
        key = Ed25519PrivateKey.generate()
        token = enrollment_token(self.client, admin, controller_id=self.controller_id)
        answer = enroll(self.client, token, key=key, backend_id=self.backend_id)
        assert answer.status == 200, answer.text
        other = FakeAgent(self.client, key, answer.json, self.backend_id)
        assert other.boot().status == 200
        return other

    @property
    def id(self) -> str:
        found: str = self.enrolment["agent_id"]
        return found

    @property
    def controller_id(self) -> str:
        found: str = self.enrolment["controller_id"]
        return found

    def signer(self) -> Signer:
        return Signer(
            self.key,
            key_id=self.enrolment["key_id"],
            authority=self.enrolment["authority"],
            now=lambda: datetime.now(UTC) + self.skew,
        )

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """A signed call."""
        raw = json.dumps(body).encode()
        return self.send(path, raw, self.signer().headers("POST", path, raw))

    def send(self, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        """With whatever signature is given."""
        return self.client("POST", path, raw=raw, headers={"content-type": "application/json", **headers})

    def boot(self, boot_id: str | None = None) -> Answer:
        """Ask for credentials; a new boot id opens an epoch."""
        self.boot_id = boot_id or base64.b32encode(uuid.uuid4().bytes).decode()
        answer = self.post(
            "/agent/v1/credentials",
            {"boot_id": self.boot_id, "protocol_version": PROTOCOL_VERSION, "agent_version": "0.1.0"},
        )
        if answer.status == 200:
            self.epoch, self.queue = answer.json["epoch"], answer.json["queue"]
        return answer

    def beat(self, **changes: Any) -> Answer:
        """A heartbeat of a healthy agent, but for `changes`."""
        return self.post("/agent/v1/heartbeat", {**self.heartbeat(), **changes})

    def heartbeat(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "agent_version": "0.1.0",
            "protocol_version": PROTOCOL_VERSION,
            "capacity": CAPACITY,
            "usage": {"cpu_millis": 0, "memory_bytes": 0},
            "instances": 0,
            "polling": OK,
            "platform": OK,
            "streaming": OK,
        }

    def received(self) -> list[dict[str, Any]]:
        """References that wait on the queue, taken off it."""
        sqs = boto3.client(
            "sqs",
            aws_access_key_id=self.queue["access_key_id"],
            aws_secret_access_key=self.queue["secret_access_key"],
            aws_session_token=self.queue["session_token"],
        )
        url, found = self.queue["queue_url"], []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def claim(self, command_id: str, claim_id: str | None = None) -> Answer:
        body = {"epoch": self.epoch, "claim_id": claim_id or str(uuid.uuid4())}
        return self.post(f"/agent/v1/commands/{command_id}/claim", body)

    def report(self, session_id: str, fence: int, **facts: Any) -> Answer:
        """Progress, or an end by itself."""
        body = {"epoch": self.epoch, "fence": fence, "sequence": self._next(), **facts}
        return self.post(f"/agent/v1/sessions/{session_id}/status", body)

    def finish(self, command_id: str, fence: int, outcome: str = "succeeded", **more: Any) -> Answer:
        body = {"epoch": self.epoch, "fence": fence, "sequence": self._next(), "outcome": outcome, **more}
        return self.post(f"/agent/v1/commands/{command_id}/result", body)

    def obey(self) -> list[dict[str, Any]]:
        """Claim and succeed at everything that waits; the commands."""
        obeyed = []
        for reference in self.received():
            grant = self.claim(reference["command_id"])
            assert grant.status == 200, grant.text
            answer = self.finish(reference["command_id"], grant.json["fence"])
            assert answer.status == 200, answer.text
            obeyed.append(grant.json["command"])
        return obeyed

    def rotate(self, new: Ed25519PrivateKey, **changes: Any) -> Answer:
        """Ask for another key to be accepted; `switch` signs with it."""
        text = public_key_text(new)
        proof = new.sign(rotation_proof(self.enrolment["key_id"], text))
        body = {
            "epoch": self.epoch,
            "public_key": text,
            "proof": base64.urlsafe_b64encode(proof).rstrip(b"=").decode(),
        }
        return self.post("/agent/v1/keys", {**body, **changes})

    def switch(self, new: Ed25519PrivateKey, key_id: str) -> None:
        """Sign with that key from now on."""
        self.key, self.enrolment = new, {**self.enrolment, "key_id": key_id}

    def hand_over(self, body: str, problem: str = "unreadable") -> Answer:
        """A message that it can do nothing with."""
        return self.post("/agent/v1/dead-letters", {"epoch": self.epoch, "body": body, "problem": problem})

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence
