"""What users ask of a session that exists: hibernate, wake, terminate, rename."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.controllers.service import Candidate
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.identity.service import User
from chalicelib.protocol.instances import Reason
from chalicelib.sessions import access
from chalicelib.sessions.changes import Change, change_of
from chalicelib.sessions.draining import moves
from chalicelib.sessions.entities import Assessment, Details, Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placement import Choice, GroupsOf, Need, bound, choose, closed, why_not
from chalicelib.sessions.rules import Cause, Desired, State
from chalicelib.sessions.waiting import delay
from chalicelib.tenancy.service import TenancyService

_AWAKE = frozenset({State.PENDING, State.STARTING, State.RUNNING, State.WAKING})
_ASLEEP = frozenset({State.HIBERNATING, State.HIBERNATED})


@dataclass(frozen=True)
class Lifecycle:
    ledger: Ledger
    tenancy: TenancyService
    groups_of: GroupsOf

    def rename(
        self, user: User, session_id: str, *, name: str | None, labels: dict[str, str] | None
    ) -> Session:
        """Change what people call it. None stays. Raises NotFound, Conflict `invalid_state` once it ended."""

        def change(session: Session) -> Session:
            if session.state is State.TERMINATED:
                raise Conflict("A terminated session does not change any more.", code="invalid_state")
            called = session.name if name is None else name
            labelled = session.labels if labels is None else labels
            if (called, labelled) == (session.name, session.labels):
                return session
            changed = change_of(session).also(name=called, labels=labelled, updated_at=self.ledger.clock())
            return self.ledger.commit(changed)

        return self._retrying(user, session_id, change)

    def hibernate(self, user: User, session_id: str) -> Session:
        """Stop the instance and keep the home. Asking again changes nothing.

        Raises NotFound, Conflict `invalid_state` unless it runs.
        """

        def change(session: Session) -> Session:
            if session.state in _ASLEEP:
                return session
            now = self.ledger.clock()
            changed = change_of(session).step(
                Cause.HIBERNATE_REQUESTED,
                actor=user.user_id,
                now=now,
                reason=self.delay(session),
                desired=Desired.HIBERNATED,
                generation=session.generation + 1,
            )
            return self.ledger.commit(changed.command(self.ledger.commands.issue, now))

        return self._retrying(user, session_id, change)

    def wake(self, user: User, session_id: str) -> Session:
        """Start it again: where its home is, or after a failure or a drain without one wherever it fits.

        Raises NotFound, Forbidden `image_not_allowed`, Conflict `quota_exceeded`, `invalid_state`, or with
        the code of what speaks against every controller.
        """

        def change(session: Session) -> Session:
            if session.state in _AWAKE:
                return session
            if session.state is State.HIBERNATING:
                self._check_open(session)
                return self._commit_wake(user, session, None, session.controller_id)
            return self._place_and_wake(user, session)

        return self._retrying(user, session_id, change)

    def terminate(self, user: User, session_id: str, *, delete_home: bool) -> Session:
        """Remove the instance, and the home if asked for. Asking again changes nothing, but may still add the
        home. What no agent ever claimed ends at once. Raises NotFound."""

        def change(session: Session) -> Session:
            if session.state is State.TERMINATED:
                return session
            if session.state is State.TERMINATING:
                return self._add_home(session) if delete_home and not session.delete_home else session
            return self._commit_terminate(user, session, delete_home=delete_home)

        return self._retrying(user, session_id, change)

    def delay(self, session: Session) -> Reason | None:
        """Why a command may take long: its controller is paused or silent. Raises NotFound without one."""
        if session.controller_id is None:
            return None
        return delay(self.ledger.controllers.get(session.tenant_id, session.controller_id))

    def _retrying(self, user: User, session_id: str, change: Callable[[Session], Session]) -> Session:
        return on_conflict(lambda: change(access.load(self.ledger.store, user, session_id, access.WRITE_ALL)))

    def _commit_terminate(self, user: User, session: Session, *, delete_home: bool) -> Session:
        now = self.ledger.clock()
        gone = session.lane.never_claimed
        reason = None
        if not gone:
            try:
                reason = self.delay(session)
            except NotFound:
                gone = True
        changed = change_of(session).step(
            Cause.TERMINATE_REQUESTED,
            actor=user.user_id,
            now=now,
            reason=reason,
            desired=Desired.TERMINATED,
            generation=session.generation + 1,
            delete_home=delete_home,
        )
        if gone:
            # A claim that comes now finds its command withdrawn, so nothing can come into being any more.
            over = changed.step(Cause.TERMINATED, actor=user.user_id, now=now)
            return self.ledger.commit(over.withdrawn())
        return self.ledger.commit(changed.command(self.ledger.commands.issue, now))

    def _add_home(self, session: Session) -> Session:
        now = self.ledger.clock()
        changed = change_of(session).also(delete_home=True, generation=session.generation + 1, updated_at=now)
        return self.ledger.commit(changed.command(self.ledger.commands.issue, now))

    def _check_open(self, session: Session) -> None:
        """Whoever is put to rest may not wake up half-way where nobody is to wake. Raises Conflict."""
        if session.controller_id is None:
            return
        candidate = self.ledger.controllers.get(session.tenant_id, session.controller_id)
        reason = closed(candidate)
        if reason is not None:
            told = bound(candidate.controller.name, reason.code, [reason])
            raise Conflict(told.message, code=told.code)

    def _place_and_wake(self, user: User, session: Session) -> Session:
        now = self.ledger.clock()
        details = self._details(session)
        groups = self.groups_of(session.tenant_id, session.user_id)
        candidates = self.ledger.controllers.candidates(session.tenant_id)
        need = Need(session.amount, details.requirements, groups, home=home(session, candidates))
        choice = choose(candidates, need)
        if choice.chosen is None:
            assessment = Assessment(now, None, choice.verdicts)
            why = self.ledger.store.assess(session.tenant_id, session.id, assessment)
            self.ledger.uow.commit([why], aside=True)
            reason = why_not(choice, need)
            raise Conflict(reason.message, code=reason.code)
        return self._commit_wake(user, session, choice, choice.chosen.controller.id)

    def _commit_wake(
        self, user: User, session: Session, choice: Choice | None, controller_id: str | None
    ) -> Session:
        now = self.ledger.clock()
        anew = session.state is State.FAILED or controller_id != session.controller_id
        changed: Change = change_of(session).step(
            Cause.WAKE_REQUESTED,
            actor=user.user_id,
            now=now,
            desired=Desired.RUNNING,
            generation=session.generation + 1,
            incarnation=session.incarnation + (1 if anew else 0),
            controller_id=controller_id,
        )
        chosen: Candidate | None = choice.chosen if choice else None
        return self.ledger.commit(
            changed.command(self.ledger.commands.issue, now),
            controller=chosen.controller if chosen else None,
        )

    def _details(self, session: Session) -> Details:
        details = self.ledger.store.details(session.tenant_id, session.id)
        if details is None:
            raise NotFound.of("session", session.id)
        if not self.tenancy.get(session.tenant_id).allows_image(details.spec.image):
            raise Forbidden(
                f"This organisation does not allow the image {details.spec.image}.",
                code="image_not_allowed",
            )
        return details


def home(session: Session, candidates: Sequence[Candidate]) -> str | None:
    """The controller that a session is bound to: where its home, or its stopped instance, is. An instance
    without a home binds nobody to a controller that is emptied: it would have to go anyhow."""
    asleep = session.state is State.HIBERNATED
    if not asleep and (session.lane.never_claimed or not session.persistent_home):
        return None
    there = next((each for each in candidates if each.controller.id == session.controller_id), None)
    if not session.persistent_home and there is not None and moves(there.controller):
        return None
    return session.controller_id
