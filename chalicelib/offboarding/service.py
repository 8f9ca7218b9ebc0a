"""Use cases of leaving."""

from dataclasses import dataclass

from chalicelib.core import trail
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import Clock
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.core.ids import new_id
from chalicelib.core.objects import ObjectStore
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.identity.account import AccountService
from chalicelib.identity.service import User
from chalicelib.offboarding.exporting import file_of
from chalicelib.offboarding.rules import DELETION, Job, JobState, Phase
from chalicelib.offboarding.store import JobStore, Position
from chalicelib.tenancy.service import TenancyService

__all__ = ["OffboardingService"]

LINK_SECONDS = 3600
_LATEST = 20


@dataclass(frozen=True)
class OffboardingService:
    store: JobStore
    tenancy: TenancyService
    account: AccountService
    objects: ObjectStore
    uow: UnitOfWork
    clock: Clock

    def request_export(self, user: User) -> Job:
        """A file of all that the tenant has, soon. While one is being made, that one."""
        latest, _ = self.store.exports(user.tenant_id, limit=_LATEST, after=None)
        for running in filter(lambda each: each.running, latest):
            trail.about("export", running.id)
            return running
        now = self.clock()
        job = Job(user.tenant_id, new_id("exp"), user.user_id, created_at=now, due_at=now)
        trail.about("export", job.id)
        self.uow.commit([self.store.add(job)])
        return job

    def export(self, tenant_id: str, export_id: str) -> Job:
        """Raises NotFound."""
        job = self.store.get(tenant_id, export_id)
        if job is None or job.is_deletion:
            raise NotFound.of("export", export_id)
        return job

    def exports(
        self, tenant_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Job], Position | None]:
        """Newest first; they are kept for a week."""
        return self.store.exports(tenant_id, limit=limit, after=after)

    def link(self, job: Job) -> str | None:
        """Where its file can be had for an hour; None until there is one."""
        if job.state is not JobState.DONE:
            return None
        name = f"streamspace-export-{job.created_at:%Y-%m-%d}.jsonl.gz"
        return self.objects.link(file_of(job), LINK_SECONDS, name)

    def request_deletion(self, user: User, slug: str, password: str, incoming: Incoming) -> None:
        """From the next request on everybody of the tenant is refused; the rest is done step by step. The
        slug and the password are asked for once more, since this cannot be taken back.

        Raises Invalid for another slug, Forbidden `wrong_password`, TooMany.
        """
        tenant = self.tenancy.get(user.tenant_id)
        trail.about("tenant", tenant.id, tenant.name)
        if slug != tenant.slug:
            raise Invalid.field("slug", f"Type {tenant.slug} to confirm that this is what you mean.")
        person = self.account.confirm(user, password, incoming)
        self.begin_deletion(user.tenant_id, by=user.user_id, tell=person.email)

    def begin_deletion(self, tenant_id: str, *, by: str, tell: str | None = None) -> None:
        """The same for those who need not be asked. Raises NotFound, Conflict `tenant_deleting`."""

        def attempt() -> None:
            now, tenant = self.clock(), self.tenancy.get(tenant_id)
            if self.store.get(tenant_id, DELETION) is not None:
                raise Conflict("It is being deleted already.", code="tenant_deleting")
            place = {"phase": Phase.ENDING.value, "name": tenant.name, "to": tell}
            job = Job(tenant_id, DELETION, by, created_at=now, due_at=now, place=place)
            self.uow.commit([self.tenancy.begin_deletion(tenant), self.store.add(job)])

        on_conflict(attempt)
