"""Use cases of enrolment: tokens of few uses, and how agents become known by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.controllers.agent_rules import Agent, AgentKey, EnrollmentToken, hash_token
from chalicelib.controllers.agents import AgentService, public_key_bytes
from chalicelib.controllers.queues import QueueError, Queues
from chalicelib.controllers.rules import Controller, ControllerState, state
from chalicelib.controllers.store import AgentStore, ControllerStore
from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unauthenticated, Unavailable
from chalicelib.core.ids import new_id, new_secret
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork, Write
from chalicelib.people.service import GroupService
from chalicelib.protocol import spoken
from chalicelib.protocol.agents import EnrollAnswer, EnrollRequest
from chalicelib.tenancy.service import TenancyService

_NAME_LENGTH = 80


@dataclass(frozen=True)
class IssuedToken:
    """A token in the clear, shown once. `beside` is how many agents its controller has already."""

    secret: str
    token: EnrollmentToken
    beside: int = 0


@dataclass(frozen=True)
class EnrollmentService:
    """`may_add` says whether a user of a tenant may add machines at this moment."""

    store: AgentStore
    controllers: ControllerStore
    agents: AgentService
    groups: GroupService
    tenancy: TenancyService
    queues: Queues
    uow: UnitOfWork
    clock: Clock
    config: Config
    may_add: Callable[[str, str], bool]

    def create_token(
        self,
        tenant_id: str,
        user_id: str,
        *,
        name: str | None = None,
        labels: dict[str, str] | None = None,
        group_ids: Sequence[str] = (),
        controller_id: str | None = None,
        agents: int = 1,
    ) -> IssuedToken:
        """A new token for so many agents of one controller; with `controller_id`, of that one. Raises
        NotFound, Invalid for groups that there are not."""
        beside = 0
        if controller_id is not None:
            if self.controllers.get(tenant_id, controller_id) is None:
                raise NotFound.of("controller", controller_id)
            beside = len(self.store.agents_of(tenant_id, controller_id))
        secret = new_secret("sse")
        token = EnrollmentToken(
            token_hash=hash_token(secret),
            id=new_id("tok"),
            tenant_id=tenant_id,
            expires_at=self.clock() + timedelta(seconds=self.config.timings.enrollment_token),
            created_by=user_id,
            controller_id=controller_id,
            name=name,
            labels=labels or {},
            group_ids=self.groups.check(tenant_id, group_ids),
            agents=agents,
        )
        expires_at = token.expires_at.isoformat(timespec="seconds")
        trail.note(name=name or "", expires_at=expires_at, agents=agents)
        if controller_id is not None:
            trail.about("controller", controller_id)
        self.uow.commit([self.store.add_token(token)])
        return IssuedToken(secret, token, beside)

    def enroll(self, request: EnrollRequest) -> EnrollAnswer:
        """Make the agent known, and its controller where the backend is new.

        The first use of a token says which controller it is for; further agents join that one. The same token
        and key get the same answer again. Raises Unauthenticated `enrollment_token_unknown`,
        Gone `enrollment_token_expired`, Conflict `enrollment_token_used`, `backend_mismatch`,
        `backend_known` (offers takeover), `plan_limit` or `protocol_unsupported`, Forbidden
        `tenant_suspended`, Unavailable without a queue.
        """
        self.agents.check_protocol(request.protocol_version)
        _check_key(request.public_key)
        key = on_conflict(lambda: self._enroll(request))
        controller = self.controllers.get(key.tenant_id, key.controller_id, consistent=True)
        if controller is None:
            raise NotFound.of("controller", key.controller_id)
        self.agents.delete_old_queues(controller)
        try:
            self.queues.ensure(controller.queue)
        except QueueError as error:
            raise Unavailable("The command queue does not answer. Try again.", retry_after=5) from error
        return EnrollAnswer(
            tenant_id=key.tenant_id,
            controller_id=key.controller_id,
            agent_id=key.agent_id,
            key_id=key.key_id,
            authority=self.config.agent_authority,
            server_time=self.clock(),
            protocol_version=spoken(request.protocol_version),
        )

    def _enroll(self, request: EnrollRequest) -> AgentKey:
        token = self.store.token(hash_token(request.token))
        if token is None:
            raise Unauthenticated("This enrolment token is not known.", code="enrollment_token_unknown")
        trail.identify(token.tenant_id, "", "enrollment-token")
        trail.note(token_created_by=token.created_by, takeover=request.takeover)
        if (known_key := self._repeated(token, request)) is not None:
            return known_key
        if self.clock() >= token.expires_at:
            raise Gone("This enrolment token has expired. Create a new one.", code="enrollment_token_expired")
        if self.tenancy.get(token.tenant_id).suspended:
            raise Forbidden("This organisation is suspended.", code="tenant_suspended")
        if not self.may_add(token.tenant_id, token.created_by):
            # Others' sessions would run on a machine of somebody who was shut out.
            raise Gone(
                "Who made this enrolment token may add no agents any more. Create a new one.",
                code="enrollment_token_expired",
            )
        try:
            return self._add(token, request)
        except Conflict:
            if self.store.token(token.token_hash) != token:
                # What it was refused for may be the work of another agent with this token, or of its own call
                # that it repeats.
                raise ConditionFailed from None
            raise

    def _add(self, token: EnrollmentToken, request: EnrollRequest) -> AgentKey:
        known = self._known(token, request)
        if known is None:
            self.tenancy.allow(
                token.tenant_id, "controllers", lambda: len(self.controllers.all_of(token.tenant_id))
            )
        controller = known or self._new_controller(token, request)
        # Who comes later by the same token joins those who came before, even if all are told to take over.
        first = not token.used_key_ids
        agent = Agent(
            tenant_id=token.tenant_id,
            controller_id=controller.id,
            id=new_id("agt"),
            key_id=new_id("key"),
            created_at=self.clock(),
            version=request.agent_version,
            token_id=token.id,
        )
        key = AgentKey(agent.key_id, request.public_key, agent.tenant_id, agent.controller_id, agent.id)
        trail.identify(token.tenant_id, agent.id, "enrollment-token")
        trail.about("controller", controller.id, controller.name)
        self.uow.commit(
            [
                self.store.use_token(token, key),
                *self.store.add_agent(agent, key),
                *self._controller_writes(controller, known, takes_over=request.takeover and first),
            ]
        )
        return key

    def _controller_writes(
        self, controller: Controller, known: Controller | None, *, takes_over: bool
    ) -> list[Write]:
        if known is None:
            return self.controllers.add(controller)
        if not takes_over:
            return [self.controllers.must_exist(known)]
        replaced = self.agents.revoke_all(known.tenant_id, known.id)
        return [self.controllers.replace_queue(known), *replaced]

    def _repeated(self, token: EnrollmentToken, request: EnrollRequest) -> AgentKey | None:
        """The key, if the token was used with it before. One that is refused by now does not come back."""
        used = (self.store.key(each) for each in token.used_key_ids)
        own = next((key for key in used if key is not None and key.public_key == request.public_key), None)
        if own is not None and own.accepted(self.clock()):
            return own
        if own is not None or token.used_up:
            raise Conflict(
                "This enrolment token was used already. Create a new one.", code="enrollment_token_used"
            )
        return None

    def _known(self, token: EnrollmentToken, request: EnrollRequest) -> Controller | None:
        """The controller that the agent joins; None when the backend is new to the tenant."""
        bound = token.controller_id
        found = bound or self.controllers.of_backend(token.tenant_id, request.backend.id)
        if found is None:
            return None
        controller = self.controllers.get(token.tenant_id, found, consistent=True)
        if controller is None:
            raise NotFound.of("controller", found)
        if controller.backend_id != request.backend.id or controller.platform != request.backend.platform:
            raise Conflict(
                f"The token is for {controller.name}, which is another backend than this one. "
                "Several agents may serve one controller only if they drive the same backend.",
                code="backend_mismatch",
            )
        if bound is None and not request.takeover:
            raise self._offer_takeover(controller)
        return controller

    def _offer_takeover(self, controller: Controller) -> Conflict:
        now = state(controller, self.clock(), self.config.timings)
        silent = now in (ControllerState.LOST, ControllerState.NEVER_SEEN)
        described = "whose agent is not heard from" if silent else "which an agent is serving right now"
        return Conflict(
            f"This backend is known as {controller.name}, {described}. Enrol with takeover to replace its "
            "agents, or use a token made for that controller to add one.",
            code="backend_known",
            extra={"controller_id": controller.id, "controller_state": now.value},
        )

    def _new_controller(self, token: EnrollmentToken, request: EnrollRequest) -> Controller:
        backend = request.backend
        return Controller(
            tenant_id=token.tenant_id,
            id=new_id("ctl"),
            name=(token.name or backend.name or backend.platform)[:_NAME_LENGTH],
            platform=backend.platform,
            backend_id=backend.id,
            created_at=self.clock(),
            labels=token.labels,
            # From its first moment, or others' sessions would come before an administrator could say so.
            group_ids=token.group_ids,
        )


def _check_key(text: str) -> None:
    try:
        public_key_bytes(text)
    except ValueError:
        raise Invalid.field("public_key", "Send a raw Ed25519 key, base64url without padding.") from None
