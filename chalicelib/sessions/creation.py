"""Creating a session: checks, quotas and placement, all in one unit of work."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.catalog.service import CatalogService, Template, TemplateResources
from chalicelib.commands.service import new_session_id
from chalicelib.controllers.service import Candidate
from chalicelib.core import trail
from chalicelib.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable
from chalicelib.core.retry import pause, rest
from chalicelib.core.unit_of_work import ConditionFailed, Write
from chalicelib.identity.service import User
from chalicelib.protocol.instances import InstanceSpec, Resources
from chalicelib.sessions.changes import Change, created
from chalicelib.sessions.entities import Assessment, Details, Requirements, Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placement import Choice, Need, choose, why_not
from chalicelib.sessions.rules import Cause, Desired, State
from chalicelib.sessions.store import KeyStore, Remembered
from chalicelib.tenancy.service import TenancyService, Tenant

_KEY_KEPT = timedelta(days=1)
_ATTEMPTS = 10
_PLACING_ATTEMPTS = 6
"""After so many lost races for capacity the session is created pending; placing it is then tried again."""
_PIDS = 1024
"""Processes of one instance: browsers want about this many."""


@dataclass(frozen=True)
class NewSession:
    """What a user asks for. Resources that are None are the template's."""

    template_id: str
    name: str | None = None
    cpu_millis: int | None = None
    memory_bytes: int | None = None
    gpu: int | None = None
    shm_bytes: int | None = None
    storage_bytes: int | None = None
    controller_id: str | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Tells a repeated request from another one under the same key."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Creation:
    ledger: Ledger
    catalog: CatalogService
    tenancy: TenancyService
    keys: KeyStore
    sleep: Callable[[float], None] = rest

    def create(
        self, user: User, wanted: NewSession, key: str | None = None, *, by: str | None = None
    ) -> Session:
        """A new session, placed at once where that is possible, else pending with its reason. `by`: the id
        of who asks for it, where that is somebody else than `user`, whose it will be.

        Repeating a request with its key answers with the session that it made. Raises Invalid, Forbidden
        `image_not_allowed`, Conflict `template_disabled`, `quota_exceeded` or `idempotency_key_reused`.
        """
        named = None if key is None else f"{user.user_id}#{key}"
        for attempt in range(_ATTEMPTS):
            known = None if named is None else self._repeated(user, wanted, named)
            if known is not None:
                trail.about("session", known.id, known.name)
                return known
            try:
                place = attempt < _PLACING_ATTEMPTS
                return self._attempt(user, wanted, named, actor=by or user.user_id, place=place)
            except ConditionFailed:
                self.sleep(pause(attempt))
            except DomainError:
                trail.about("template", wanted.template_id)  # there is no session to name
                raise
        raise Unavailable("Too many others are changing this at once. Please try again.", retry_after=1)

    def _repeated(self, user: User, wanted: NewSession, key: str) -> Session | None:
        remembered = self.keys.recall(user.tenant_id, key)
        if remembered is None:
            return None
        if remembered.fingerprint != wanted.fingerprint:
            raise Conflict(
                "This Idempotency-Key was used for another request.", code="idempotency_key_reused"
            )
        session = self.ledger.store.get(user.tenant_id, remembered.session_id)
        if session is None:
            raise NotFound.of("session", remembered.session_id)
        return session

    def _attempt(
        self, user: User, wanted: NewSession, key: str | None, *, actor: str, place: bool
    ) -> Session:
        now = self.ledger.clock()
        tenant = self.tenancy.get(user.tenant_id)
        template = self._template(user, tenant, wanted.template_id)
        session = _session(user, template, wanted, now)
        candidates = self.ledger.controllers.candidates(user.tenant_id)
        requirements = Requirements(
            template.platforms, template.controller_labels, only=_pinned(wanted, candidates)
        )
        need = Need(session.amount, requirements, user.groups)
        choice = choose(candidates, need)
        if not place:
            choice = replace(choice, chosen=None)
        change = self._change(session, choice, need, actor, now)
        assessment = Assessment(now, change.after.controller_id, choice.verdicts)
        spec = _spec(session, template)
        also: list[Write] = [
            self.ledger.store.add_details(
                Details(session.tenant_id, session.id, spec, requirements, assessment)
            )
        ]
        if key is not None:
            request = Remembered(session.id, wanted.fingerprint)
            also.append(self.keys.remember(user.tenant_id, key, request, now + _KEY_KEPT))
        controller = choice.chosen.controller if choice.chosen else None
        trail.about("session", session.id, session.name)
        trail.note(template=template.name)
        return self.ledger.commit(change, controller=controller, also=also, tenant=tenant)

    def _change(self, session: Session, choice: Choice, need: Need, actor: str, now: datetime) -> Change:
        if choice.chosen is None:
            return created(session, Cause.CREATED, actor=actor, now=now, reason=why_not(choice, need))
        placed = replace(session, controller_id=choice.chosen.controller.id)
        change = created(placed, Cause.CREATED_AND_PLACED, actor=actor, now=now)
        return change.command(self.ledger.commands.issue, now)

    def _template(self, user: User, tenant: Tenant, template_id: str) -> Template:
        if tenant.suspended:
            raise Forbidden("This organisation is suspended.", code="tenant_suspended")
        try:
            template = self.catalog.visible(user, template_id)
        except NotFound:
            raise Invalid.field("template_id", "There is no such template.") from None
        if not template.enabled:
            raise Conflict(f"The template {template.name} is not enabled.", code="template_disabled")
        if not tenant.allows_image(template.image):
            raise Forbidden(
                f"This organisation does not allow the image {template.image}.", code="image_not_allowed"
            )
        return template


def _pinned(wanted: NewSession, candidates: Sequence[Candidate]) -> str | None:
    pinned = wanted.controller_id
    if pinned is not None and all(each.controller.id != pinned for each in candidates):
        raise Invalid.field("controller_id", "There is no such controller.")
    return pinned


def _session(user: User, template: Template, wanted: NewSession, now: datetime) -> Session:
    base = template.resources
    asked = {
        "cpu_millis": wanted.cpu_millis,
        "memory_bytes": wanted.memory_bytes,
        "gpu": wanted.gpu,
        "shm_bytes": wanted.shm_bytes,
        "storage_bytes": _storage(template, wanted),
    }
    given = {name: value for name, value in asked.items() if value is not None}
    resources: TemplateResources = replace(base, **given)
    return Session(
        tenant_id=user.tenant_id,
        id=new_session_id(),
        user_id=user.user_id,
        group_id=user.charged_group,
        name=wanted.name or template.name,
        state=State.PENDING,
        desired=Desired.RUNNING,
        generation=1,
        incarnation=1,
        template_id=template.id,
        template_name=template.name,
        template_icon=template.icon,
        resources=resources,
        created_at=now,
        updated_at=now,
        labels=wanted.labels,
        persistent_home=template.persistent_home,
    )


def _storage(template: Template, wanted: NewSession) -> int:
    if wanted.storage_bytes and not template.persistent_home:
        raise Invalid.field("resources.storage", "Sessions of this template keep no files.")
    return template.storage_bytes if wanted.storage_bytes is None else wanted.storage_bytes


def _spec(session: Session, template: Template) -> InstanceSpec:
    resources = session.resources
    return InstanceSpec(
        tenant_id=session.tenant_id,
        session_id=session.id,
        incarnation=session.incarnation,
        image=template.image,
        protocol=template.protocol,
        port=template.port,
        command=template.command,
        env=template.env,
        resources=Resources(
            cpu_millis=resources.cpu_millis,
            memory_bytes=resources.memory_bytes,
            gpu=resources.gpu,
            shm_bytes=resources.shm_bytes,
            pids=_PIDS,
        ),
        display=template.display,
        network=template.network,
        read_only_root=template.read_only_root,
        clipboard_in=template.clipboard_in,
        clipboard_out=template.clipboard_out,
        persistent_home=template.persistent_home,
    )
