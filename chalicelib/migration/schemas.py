"""Imports in the public API."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.schemas import ReasonView, RequestBody, ResponseBody
from chalicelib.migration.notes import Fate
from chalicelib.migration.service import Item, Outcome, Report, Wishes

_LONGEST = 250_000
_Word = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Replacements = Annotated[dict[_Word, _Word], Field(max_length=500)]


class ImportBody(RequestBody):
    """A trial run by default: it says what would come of it, and changes nothing."""

    manifests: Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST)] = Field(
        description="YAML of stream.space/v1alpha1 templates and sessions, any number of documents."
    )
    dry_run: bool = True
    images: _Replacements = Field(
        default_factory=dict,
        description="Which image to use instead of one that the manifests name. Templates of other images "
        "are imported switched off.",
    )
    users: _Replacements = Field(
        default_factory=dict,
        description="The e-mail address of who is meant by a user name, where it does not follow.",
    )
    start_hibernated: bool = Field(
        default=False, description="Also import sessions that were hibernated; they start running."
    )

    def to_wishes(self) -> Wishes:
        """As the use case knows them."""
        return Wishes(self.dry_run, self.images, self.users, self.start_hibernated)


class NoteView(ResponseBody):
    """One field that did not come through as it was."""

    field: str
    fate: Fate
    message: str


class ImportedView(ResponseBody):
    """One manifest. `id` once it exists; `reason` when it does not."""

    kind: Literal["template", "session", "other"]
    name: str
    outcome: Outcome
    id: str | None
    reason: ReasonView | None
    notes: list[NoteView]

    @classmethod
    def of(cls, item: Item) -> "ImportedView":
        """From the domain."""
        reason = item.reason
        return cls(
            kind=item.kind,
            name=item.name,
            outcome=item.outcome,
            id=item.id,
            reason=ReasonView(code=reason.code, message=reason.message) if reason else None,
            notes=[NoteView(field=note.field, fate=note.fate, message=note.message) for note in item.notes],
        )


class ImportReport(ResponseBody):
    """What came of each manifest, in their order. `counts` are by outcome."""

    dry_run: bool
    counts: dict[Outcome, int]
    items: list[ImportedView]
    unknown_images: list[str] = Field(description="No template uses them yet; say in `images` what to use.")
    unknown_users: list[str] = Field(description="Nobody is known by these names; say in `users` who it is.")

    @classmethod
    def of(cls, report: Report, *, dry_run: bool) -> "ImportReport":
        """From the domain."""
        counted = Counter(item.outcome for item in report.items)
        return cls(
            dry_run=dry_run,
            counts={outcome: counted[outcome] for outcome in Outcome},
            items=[ImportedView.of(item) for item in report.items],
            unknown_images=report.unknown_images,
            unknown_users=report.unknown_users,
        )
