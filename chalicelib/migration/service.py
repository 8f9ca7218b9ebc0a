"""The use case: read, say what would come of it, and do it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from chalicelib.catalog.service import CatalogService, Template, check
from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import DomainError, Invalid
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.identity.service import Person, User
from chalicelib.migration import sessions as session_manifests
from chalicelib.migration import templates as template_manifests
from chalicelib.migration.names import LABEL, label, stable_id
from chalicelib.migration.notes import Blocked, Note
from chalicelib.migration.owners import Owners
from chalicelib.migration.reading import Foreign, Manifest, read
from chalicelib.migration.sessions import ImportedSession, Wanted
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.service import NewSession, Session, SessionService, State

_PAGE = 100
_MOST_TIME = timedelta(seconds=20)
"""API Gateway waits 29; what is not reached in time is told, and done by sending the same again."""


class Outcome(StrEnum):
    """`planned` is what a trial run says where a real one would say `created`. `exists`: it is here already,
    and stays as it is. `skipped`: it cannot be imported. `failed`: it could have been, but not now."""

    CREATED = "created"
    PLANNED = "planned"
    EXISTS = "exists"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Item:
    """One manifest of the report. `id` once it exists."""

    kind: Literal["template", "session", "other"]
    name: str
    outcome: Outcome
    id: str | None = None
    reason: Reason | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Report:
    """One item for each manifest, in their order, and what a person is needed for: images that no template
    here uses, and users that nobody here is known as."""

    items: list[Item]
    unknown_images: list[str]
    unknown_users: list[str]


@dataclass(frozen=True)
class Wishes:
    """How to import. `images` and `users` say what stands here for an image or a user of the manifests."""

    dry_run: bool = True
    images: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    start_hibernated: bool = False


@dataclass(frozen=True)
class MigrationService:
    """`people` are all of a tenant's."""

    catalog: CatalogService
    sessions: SessionService
    people: Callable[[str], Iterator[Person]]
    clock: Clock

    def run(self, user: User, text: str, wishes: Wishes) -> Report:
        """Import what the text holds, templates before sessions.

        Each is done by itself: one that fails leaves the others as they are, and sending the same again goes
        on where this ended. Raises Invalid for text that is no YAML.
        """
        until = self.clock() + _MOST_TIME  # reading takes its share of it
        found = read(text)
        trail.note(dry_run=wishes.dry_run, manifests=len(found))
        run = _Run(self, user, wishes, until)
        items: dict[int, Item] = {}
        for kind in ("template", "session"):
            for index, each in enumerate(found):
                if isinstance(each, Foreign):
                    reason = Reason(code="not_ours", message=each.why)
                    items[index] = Item("other", each.name or each.kind, Outcome.SKIPPED, reason=reason)
                elif each.kind == kind:
                    items[index] = run.one(each)
        ordered = [items[index] for index in range(len(found))]
        trail.note(**Counter(each.outcome.value for each in ordered))
        return Report(ordered, sorted(run.unknown_images), sorted(run.owners.unknown))


class _Run:
    """One import: what was read once for all of its manifests."""

    def __init__(self, service: MigrationService, user: User, wishes: Wishes, until: datetime) -> None:
        self._service, self._user, self._wishes, self._until = service, user, wishes, until
        self._templates = {each.id: each for each in _all_templates(service.catalog, user)}
        self._images = frozenset(each.image for each in self._templates.values() if each.enabled)
        self.owners = Owners(user, service.people, wishes.users)
        self.unknown_images: set[str] = set()
        self._labels: dict[str, dict[str, str]] = {}
        self._named: set[tuple[str, str]] = set()

    def one(self, manifest: Manifest) -> Item:
        """Import one manifest, with an entry in the audit log for what it made."""
        if self._service.clock() >= self._until:
            reason = Reason(code="not_reached", message="There was no time left. Send the same again.")
            return Item(manifest.kind, manifest.name, Outcome.FAILED, reason=reason)
        try:
            with trail.item(f"{manifest.kind}.import"):
                return self._template(manifest) if manifest.kind == "template" else self._session(manifest)
        except Blocked as error:
            note = Reason(code="cannot_be_imported", message=f"{error.field}: {error.message}")
            return Item(manifest.kind, manifest.name, Outcome.SKIPPED, reason=note)
        except DomainError as error:
            refused = Outcome.SKIPPED if isinstance(error, Invalid) else Outcome.FAILED
            reason = Reason(code=error.code, message=error.detail)
            return Item(manifest.kind, manifest.name, refused, reason=reason)

    def _template(self, manifest: Manifest) -> Item:
        service, user = self._service, self._user
        made = template_manifests.imported(
            manifest, user.tenant_id, service.clock(), images=self._wishes.images, known=self._images
        )
        template = check(made.template)
        self._first("template", template.id)
        if template.id in self._templates:
            return Item("template", manifest.name, Outcome.EXISTS, id=template.id)
        if not template.enabled:
            self.unknown_images.add(template.image)
        self._templates[template.id] = template
        if self._wishes.dry_run:
            return Item("template", manifest.name, Outcome.PLANNED, notes=made.notes)
        try:
            service.catalog.add(template)
        except ConditionFailed:  # somebody imports the same at this moment
            return Item("template", manifest.name, Outcome.EXISTS, id=template.id)
        except DomainError:
            del self._templates[template.id]
            raise
        return Item("template", manifest.name, Outcome.CREATED, id=template.id, notes=made.notes)

    def _session(self, manifest: Manifest) -> Item:
        asked = session_manifests.imported(manifest)
        if asked.wanted is Wanted.TERMINATED:
            raise Blocked("spec.state", "It was terminated.")
        if asked.wanted is Wanted.HIBERNATED and not self._wishes.start_hibernated:
            raise Blocked(
                "spec.state",
                "It was hibernated, and importing would start it. Ask for that, or launch it when needed.",
            )
        whose = self.owners.of(asked.user)
        owner, notes = whose.user, (*whose.notes, *asked.notes)
        template = self._template_of(asked)
        if not template.enabled:
            raise Blocked("spec.template", f"The template {template.name} is switched off.")
        self._first(owner.user_id, label(asked.name))
        there = self._imported_by(owner).get(label(asked.name))
        if there is not None:
            return Item("session", asked.name, Outcome.EXISTS, id=there)
        if self._wishes.dry_run:
            return Item("session", asked.name, Outcome.PLANNED, notes=notes)
        started = self._service.clock()
        session = self._created(owner, asked.new(template.id))
        repeated = session.created_at < started
        outcome = Outcome.EXISTS if repeated else Outcome.CREATED
        return Item("session", asked.name, outcome, id=session.id, notes=() if repeated else notes)

    def _created(self, owner: User, new: NewSession) -> Session:
        """A session, or the one that somebody imports at this moment. Not one that was imported earlier and
        has ended since: who sends its manifest again wants another."""
        key = f"imported-as:{new.labels[LABEL]}:{new.fingerprint}"
        while True:
            session = self._service.sessions.creation.create(owner, new, key, by=self._user.user_id)
            if session.state is not State.TERMINATED:
                return session
            key = f"{key.partition(';')[0]};{session.id}"

    def _first(self, whose: str, name: str) -> None:
        """Raises Blocked when the same text has another of that name, by mistake or from another place."""
        if (whose, name) in self._named:
            raise Blocked("metadata.name", "Another one of this name comes before it; give it another name.")
        self._named.add((whose, name))

    def _template_of(self, asked: ImportedSession) -> Template:
        found = self._templates.get(stable_id("tpl", self._user.tenant_id, asked.template))
        wanted = asked.template.casefold()
        named = (each for each in self._templates.values() if wanted in _called(each))
        template = found or next(named, None)
        if template is None:
            raise Blocked("spec.template", f"There is no template {asked.template[:80]}; import it as well.")
        return template

    def _imported_by(self, owner: User) -> dict[str, str]:
        """Ids of somebody's sessions that were imported, by what they were imported as."""
        if owner.user_id not in self._labels:
            self._labels[owner.user_id] = dict(_imported_sessions(self._service.sessions, owner))
        return self._labels[owner.user_id]


def _all_templates(catalog: CatalogService, user: User) -> Iterator[Template]:
    after = None
    while True:
        found, after = catalog.page(user, limit=_PAGE, after=after)
        yield from found
        if after is None:
            return


def _imported_sessions(sessions: SessionService, owner: User) -> Iterator[tuple[str, str]]:
    after = None
    while True:
        found, after = sessions.queries.page(owner, owner=owner.user_id, state=None, limit=_PAGE, after=after)
        yield from ((each.labels[LABEL], each.id) for each in found if LABEL in each.labels)
        if after is None:
            return


def _called(template: Template) -> set[str]:
    """What a manifest may mean by a template's name."""
    name = template.name.casefold()
    return {name, "-".join(name.split())}
