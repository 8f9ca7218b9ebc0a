"""Bodies of the audit log's API."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints

from chalicelib.audit.exporting import Export
from chalicelib.audit.rules import Head, Outcome, first_id
from chalicelib.audit.searching import Listed
from chalicelib.audit.store import Wanted
from chalicelib.core.schemas import Page, PageQuery, RequestBody, ResponseBody, Time

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class AuditQuery(PageQuery):
    """What to look for. Everything that is given must hold."""

    actor: Name | None = Field(default=None, description="Id of the user or agent that acted.")
    action: Name | None = Field(default=None, description="Such as `session.create`.")
    target: Name | None = Field(default=None, description="Id of what was acted on.")
    outcome: Outcome | None = None
    since: AwareDatetime | None = Field(default=None, alias="from", description="Not before this time.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Not after this time.")

    def to_wanted(self, position: str | None) -> Wanted:
        """`position` is where the page before ended."""
        return Wanted(
            actor=self.actor,
            action=self.action,
            target=self.target,
            outcome=self.outcome,
            since=None if self.since is None else first_id(self.since),
            before=position or (None if self.until is None else first_id(self.until, past=True)),
        )

    @property
    def scope(self) -> str:
        """What a cursor of this search is good for."""
        kept = self.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        return "/".join(f"{name}={value}" for name, value in sorted(kept.items()))


class ActorView(ResponseBody):
    """Who acted. The name is what they were called then; empty where there is none."""

    id: str
    name: str


class TargetView(ResponseBody):
    type: str
    id: str
    name: str


class EntryView(ResponseBody):
    """One entry. `sequence` and the hashes are null until it is sealed, which takes seconds."""

    id: str
    sequence: int | None
    at: Time
    actor: ActorView
    via: str
    action: str
    target: TargetView | None
    source_ip: str
    user_agent: str
    request_id: str
    outcome: Literal["succeeded", "refused"]
    code: str | None
    facts: dict[str, str]
    previous_hash: str | None
    hash: str | None

    @classmethod
    def of(cls, listed: Listed) -> Self:
        entry, target = listed.entry, listed.entry.target
        seal = listed.sealed.seal if listed.sealed else None
        return cls(
            id=entry.id,
            sequence=seal and seal.sequence,
            at=entry.at,
            actor=ActorView(id=entry.actor, name=entry.actor_name),
            via=entry.via,
            action=entry.action,
            target=target and TargetView(type=target.type, id=target.id, name=target.name),
            source_ip=entry.source_ip,
            user_agent=entry.user_agent,
            request_id=entry.request_id,
            outcome=entry.outcome.value,
            code=entry.code or None,
            facts=dict(entry.facts),
            previous_hash=seal and seal.previous_hash,
            hash=seal and seal.hash,
        )


class EntryPage(Page[EntryView]):
    pass


class ActionList(ResponseBody):
    """Every action that is audited."""

    items: list[str]


class PlaceView(ResponseBody):
    """An entry by number and hash; number 0 is before the first."""

    sequence: int
    hash: str

    @classmethod
    def of(cls, head: Head) -> Self:
        return cls(sequence=head.sequence, hash=head.hash)


class HeadView(PlaceView):
    """The end of the chain. Whoever keeps this can tell later that nothing before it was altered."""

    unsealed: int = Field(description="Entries that wait for their place in the chain; 1000 means many.")


class CreateAuditExport(RequestBody):
    """The time to export; all of it without."""

    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")


class FileView(ResponseBody):
    name: str
    first: int
    last: int
    bytes: int
    url: str
    expires_at: Time


class AuditExportView(ResponseBody):
    """Files of JSON lines. `after` and `head` are what precedes the first entry and what the last one is:
    give them to the verifier. If not `complete`, ask again for the rest."""

    files: list[FileView]
    after: PlaceView
    head: PlaceView
    complete: bool

    @classmethod
    def of(cls, export: Export) -> Self:
        return cls(
            files=[FileView(**vars(each)) for each in export.files],
            after=PlaceView.of(export.after),
            head=PlaceView.of(export.head),
            complete=export.complete,
        )
