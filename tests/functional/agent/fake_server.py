"""A control plane over real HTTP for tests of the agent: it verifies real signatures with the product's own
verifier, keeps lanes by the product's own rules, and misbehaves on request. Its queue speaks SQS's protocol.
"""

import asyncio
import base64
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chalicelib.commands import numbers, rules
from chalicelib.controllers import signatures
from chalicelib.controllers.agents import public_key_bytes
from chalicelib.core import problem
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Busy, Conflict, DomainError, Forbidden, Invalid, NotFound
from chalicelib.core.ids import new_id
from chalicelib.protocol import PROTOCOL_VERSION, agents, commands, keys
from chalicelib.protocol.instances import InstanceSpec, Reason, Resources

AUTHORITY = "control.example:8443"
"""Not where it listens: the agent must sign the configured one."""

FAST = agents.Intervals(
    heartbeat=0.3, renew=0.15, lease_margin=0.3, inventory=0.4, poll_wait=1, visibility=1, activity=1
)


@dataclass
class Fault:
    """What happens to the next calls of one kind: `lose_call` before it has its effect, `lose_answer` after;
    `status` answers that instead, as a problem if there is a `code`; `wait` holds the call back (before its
    effect) until set."""

    times: int = 1
    lose_call: bool = False
    lose_answer: bool = False
    status: int | None = None
    code: str | None = None
    wait: asyncio.Event | None = None


@dataclass
class FakeSession:
    """One session with its lane and everything that was said about it."""

    session_id: str
    lane: rules.Lane = field(default_factory=rules.Lane)
    issued: dict[int, commands.Command] = field(default_factory=dict)
    results: list[tuple[str, commands.ResultReport]] = field(default_factory=list)
    statuses: list[commands.StatusReport] = field(default_factory=list)
    claims: list[tuple[str, int]] = field(default_factory=list)

    @property
    def stages(self) -> list[str]:
        return [each.stage.value for each in self.statuses if each.stage]

    @property
    def endings(self) -> list[Reason]:
        return [each.ended for each in self.statuses if each.ended]

    @property
    def outcomes(self) -> list[str]:
        return [each.outcome.value for _, each in self.results]


@dataclass
class _Queued:
    body: str
    visible_at: float = 0.0
    receipt: str = ""
    received: int = 0


class FakeServer:
    """One tenant, one controller. `down` refuses everything but the queue; `queue_down` the queue; `paused`
    new claims, to be asked for again after `retry_after` seconds."""

    def __init__(self) -> None:
        self.tenant_id, self.controller_id = new_id("ten"), new_id("ctl")
        self.agent_id, self.key_id = new_id("agt"), new_id("key")
        self.token = "sse_token"
        self.public_key: str | None = None
        self.keys: dict[str, str] = {}
        self.refused_keys: set[str] = set()
        self.keys_used: list[str] = []
        self.rotate = False
        self.protocol_version = PROTOCOL_VERSION
        self.dead_letters: list[commands.DeadLetterReport] = []
        self.skew = timedelta()
        self.lease_seconds = 20
        self.intervals = FAST
        self.credentials_life = 3600.0
        self.queue_key = "key-1"
        self.refuse_all_keys = False
        self.relay: agents.RelayAccess | None = None
        self.down = self.queue_down = self.revoked = self.paused = False
        self.retry_after = 1
        self.epoch, self.boots = 0, []  # type: tuple[int, list[str]]
        self.sessions: dict[str, FakeSession] = {}
        self.queue: list[_Queued] = []
        self.heartbeats: list[agents.Heartbeat] = []
        self.inventories: list[agents.InventoryReport] = []
        self.actions: list[agents.InventoryAction] = []
        self.compared_until: list[str | None] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.nonces: set[str] = set()
        self.queue_keys_used: list[str] = []
        self.agent_labels: dict[str, str] = {}
        self._receipts = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/", self._sqs)
        app.router.add_post("/stage/agent/v1/{call:.*}", self._agent_api)
        app.router.add_get("/.well-known/jwks.json", _no_keys)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.queue_endpoint = f"http://127.0.0.1:{port}"
        self.url = f"http://127.0.0.1:{port}/stage"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # What tests do to it

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def issue(
        self,
        kind: str,
        session: FakeSession | None = None,
        *,
        image: str = "fake",
        incarnation: int = 1,
        send: int = 1,
        deadline: float = 60,
        delete_home: bool = False,
    ) -> tuple[FakeSession, str]:
        """A command for a session (a new one unless given), sent `send` times."""
        if session is None:
            session_id = numbers.new_session_id()
            session = self.sessions[session_id] = FakeSession(session_id)
        until = self.now() + timedelta(seconds=deadline)
        session.lane = rules.issue(session.lane, commands.CommandKind(kind), self.now(), until)
        number = session.lane.issued
        command_id = numbers.command_id(session.session_id, number)
        session.issued[number] = commands.Command(
            command_id=command_id,
            tenant_id=self.tenant_id,
            controller_id=self.controller_id,
            session_id=session.session_id,
            kind=commands.CommandKind(kind),
            generation=number,
            incarnation=incarnation,
            deadline=until,
            spec=self._spec(session.session_id, incarnation, image) if kind in {"start", "wake"} else None,
            delete_home=delete_home,
        )
        for _ in range(send):
            self.send(session, command_id)
        return session, command_id

    def send(self, session: FakeSession, command_id: str) -> None:
        """Put the reference on the queue (again)."""
        located = numbers.locate(command_id)
        assert located is not None
        reference = commands.CommandReference(
            tenant_id=self.tenant_id,
            controller_id=self.controller_id,
            command_id=command_id,
            session_id=session.session_id,
            generation=located[1],
        )
        self.send_raw(reference.model_dump_json())

    def send_raw(self, body: str) -> None:
        self.queue.append(_Queued(body))

    def fault(self, call: str, **how: Any) -> Fault:
        """Let the next calls of that kind (claim, result, …) go wrong."""
        fault = Fault(**how)
        self.faults[call].append(fault)
        return fault

    # The agent API

    async def _agent_api(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/stage")
        parts = path.removeprefix("/agent/v1/").split("/")
        call = parts[-1]
        body = await request.read()
        self.calls[call] += 1
        if self.down:
            return _abort(request)
        fault = self._fault(call)
        if fault is not None:
            if fault.wait is not None:
                await fault.wait.wait()
            if fault.lose_call:
                return _abort(request)
            if fault.status is not None:
                text = "oops" if fault.code is None else json.dumps({"code": fault.code})
                return web.Response(status=fault.status, text=text)
        try:
            answer = self._handle(request, path, parts, body)
        except DomainError as error:
            return web.Response(status=error.status, body=problem.dump(error), headers=problem.headers(error))
        if fault is not None and fault.lose_answer:
            return _abort(request)
        return web.Response(body=answer.model_dump_json(), content_type="application/json")

    def _fault(self, call: str) -> Fault | None:
        waiting = self.faults[call]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting[0] if waiting[0].times else waiting.pop(0)

    def _handle(self, request: web.Request, path: str, parts: list[str], body: bytes) -> Any:
        if parts == ["enroll"]:
            return self._enroll(agents.EnrollRequest.model_validate_json(body))
        self._verify(request, path, body)
        match parts:
            case ["credentials"]:
                return self._credentials(agents.CredentialsRequest.model_validate_json(body))
            case ["heartbeat"]:
                beat = agents.Heartbeat.model_validate_json(body)
                self._check_epoch(beat.epoch)
                self.heartbeats.append(beat)
                return agents.HeartbeatAnswer(intervals=self.intervals, server_time=self.now())
            case ["keys"]:
                return self._rotate(keys.KeyRotation.model_validate_json(body))
            case ["dead-letters"]:
                letter = commands.DeadLetterReport.model_validate_json(body)
                self._check_epoch(letter.epoch)
                self.dead_letters.append(letter)
                return commands.Accepted()
            case ["inventory"]:
                report = agents.InventoryReport.model_validate_json(body)
                self._check_epoch(report.epoch)
                self.inventories.append(report)
                actions, self.actions = tuple(self.actions), []
                come = self.compared_until.pop(0) if self.compared_until else None
                return agents.InventoryAnswer(actions=actions, compared_until=come)
            case ["commands", command_id, what]:
                return self._command(command_id, what, body)
            case ["sessions", session_id, "status"]:
                status = commands.StatusReport.model_validate_json(body)
                self._check_epoch(status.epoch)
                session = self._session(session_id)
                rules.check_fence(session.lane, status.fence)
                session.statuses.append(status)
                return commands.Accepted()
        raise NotFound(f"No route {path}.")

    def _enroll(self, request: agents.EnrollRequest) -> agents.EnrollAnswer:
        if request.token != self.token:
            raise Forbidden("This enrolment token is not known.", code="enrollment_token_unknown")
        if self.public_key not in {None, request.public_key}:
            raise Conflict("This token was used.", code="enrollment_token_used")
        self.public_key = request.public_key
        self.keys[self.key_id] = request.public_key
        return agents.EnrollAnswer(
            tenant_id=self.tenant_id,
            controller_id=self.controller_id,
            agent_id=self.agent_id,
            key_id=self.key_id,
            authority=AUTHORITY,
            server_time=self.now(),
            protocol_version=self.protocol_version,
        )

    def _rotate(self, request: keys.KeyRotation) -> keys.KeyRotated:
        self._check_epoch(request.epoch)
        raw = base64.urlsafe_b64decode(request.public_key + "=")
        proof = base64.urlsafe_b64decode(request.proof + "==")
        text = keys.rotation_proof(self.keys_used[-1], request.public_key)
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(proof, text)
        except InvalidSignature:
            raise Invalid.field("proof", "It does not fit.") from None
        key_id = keys.rotated_key_id(request.public_key)
        self.keys[key_id] = request.public_key
        self.rotate = False
        return keys.KeyRotated(key_id=key_id, previous_until=self.now() + timedelta(hours=1))

    def _verify(self, request: web.Request, path: str, body: bytes) -> None:
        if self.revoked:
            raise Forbidden("This agent's key is not, or no longer, accepted.", code="agent_revoked")
        incoming = Incoming(
            method=request.method,
            path=path,
            host=request.host,
            scheme="http",
            headers={name.lower(): value for name, value in request.headers.items()},
            query={},
            body=body,
            source_ip="127.0.0.1",
            request_id="r",
        )
        verified = signatures.verify(
            incoming,
            authority=AUTHORITY,
            lookup=self._key,
            now=self.now(),
        )
        if verified.nonce in self.nonces:
            raise signatures.replayed()
        self.nonces.add(verified.nonce)
        self.keys_used.append(verified.key_id)

    def _key(self, key_id: str) -> bytes:
        if key_id in self.refused_keys or key_id not in self.keys:
            raise Forbidden("This agent's key is not, or no longer, accepted.", code="agent_revoked")
        return public_key_bytes(self.keys[key_id])

    def _check_epoch(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise Conflict("A later boot of this agent has taken over.", code="epoch_superseded")

    def _credentials(self, request: agents.CredentialsRequest) -> agents.CredentialsAnswer:
        if request.boot_id in self.boots[:-1]:
            raise Conflict("A later boot of this agent has taken over.", code="epoch_superseded")
        if not self.boots or self.boots[-1] != request.boot_id:
            self.boots.append(request.boot_id)
            self.epoch += 1
        return agents.CredentialsAnswer(
            epoch=self.epoch,
            queue=agents.QueueAccess(
                queue_url=f"{self.queue_endpoint}/000000000000/queue",
                region="us-east-1",
                endpoint_url=self.queue_endpoint,
                access_key_id=self.queue_key,
                secret_access_key="secret",
                session_token="token",
                expires_at=self.now() + timedelta(seconds=self.credentials_life),
            ),
            relay=self.relay,
            jwks_url=f"{self.queue_endpoint}/.well-known/jwks.json",
            intervals=self.intervals,
            server_time=self.now(),
            protocol_version=self.protocol_version,
            rotate_key=self.rotate,
        )

    def _session(self, session_id: str) -> FakeSession:
        try:
            return self.sessions[session_id]
        except KeyError:
            raise NotFound.of("session", session_id) from None

    def _command(self, command_id: str, what: str, body: bytes) -> Any:
        located = numbers.locate(command_id)
        if located is None or located[0] not in self.sessions:
            raise NotFound.of("command", command_id)
        session, number = self.sessions[located[0]], located[1]
        if what == "claim":
            claim = commands.ClaimRequest.model_validate_json(body)
            self._check_epoch(claim.epoch)
            claimant = rules.Claimant(self.agent_id, claim.epoch, claim.claim_id)
            lane = rules.claim(session.lane, number, claimant, self.now(), self.lease_seconds)
            if self.paused and lane != session.lane:
                raise Busy(
                    "The controller is paused.", code="controller_paused", retry_after=self.retry_after
                )
            session.lane = lane
            session.claims.append((command_id, session.lane.fence))
            return commands.ClaimGrant(
                command=session.issued[number],
                fence=session.lane.fence,
                lease_seconds=self.lease_seconds,
            )
        if what == "renew":
            renew = commands.RenewRequest.model_validate_json(body)
            self._check_epoch(renew.epoch)
            session.lane = rules.renew(
                session.lane,
                number,
                agent_id=self.agent_id,
                fence=renew.fence,
                now=self.now(),
                lease=self.lease_seconds,
            )
            return commands.RenewGrant(lease_seconds=self.lease_seconds)
        result = commands.ResultReport.model_validate_json(body)
        self._check_epoch(result.epoch)
        finished = rules.finish(session.lane, number, result.fence, self.now())
        session.lane = finished.lane
        if not finished.repeated:
            if finished.current:
                session.lane = rules.withdraw(session.lane)
            session.results.append((command_id, result))
        return commands.Accepted()

    def _spec(self, session_id: str, incarnation: int, image: str) -> InstanceSpec:
        return InstanceSpec(
            tenant_id=self.tenant_id,
            session_id=session_id,
            incarnation=incarnation,
            image=image,
            resources=Resources(cpu_millis=500, memory_bytes=2**28),
        )

    # SQS

    async def _sqs(self, request: web.Request) -> web.StreamResponse:
        if self.queue_down:
            return _abort(request)
        call = request.headers["X-Amz-Target"].rpartition(".")[2]
        asked = json.loads(await request.read())
        key = request.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        self.queue_keys_used.append(key)
        if key != self.queue_key or self.refuse_all_keys:
            return _sqs_refusal("com.amazon.coral.service#ExpiredTokenException", "The token has expired")
        if call == "ReceiveMessage":
            return _json({"Messages": await self._receive(asked)})
        for message in list(self.queue):
            if message.receipt == asked["ReceiptHandle"]:
                if call == "DeleteMessage":
                    self.queue.remove(message)
                else:
                    message.visible_at = _time() + asked["VisibilityTimeout"]
        return _json({})

    async def _receive(self, asked: dict[str, Any]) -> list[dict[str, str]]:
        until = _time() + asked["WaitTimeSeconds"]
        while True:
            found = [each for each in self.queue if each.visible_at <= _time()][
                : asked["MaxNumberOfMessages"]
            ]
            if found or _time() >= until:
                break
            await asyncio.sleep(0.01)
        for each in found:
            each.receipt = f"receipt-{next(self._receipts)}"
            each.visible_at = _time() + asked["VisibilityTimeout"]
            each.received += 1
        return [
            {"MessageId": each.receipt, "ReceiptHandle": each.receipt, "Body": each.body} for each in found
        ]


def _time() -> float:
    return asyncio.get_running_loop().time()


def _json(body: Any) -> web.Response:
    return web.Response(body=json.dumps(body), content_type="application/x-amz-json-1.0")


async def _no_keys(_: web.Request) -> web.Response:
    return _json({"keys": []})


def _sqs_refusal(code: str, message: str) -> web.Response:
    return web.Response(
        status=403,
        body=json.dumps({"__type": code, "message": message}),
        content_type="application/x-amz-json-1.0",
    )


def _abort(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer, as a dead network does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
