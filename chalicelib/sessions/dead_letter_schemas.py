"""Dead letters in the public API."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.schemas import Page, RequestBody, ResponseBody, Time
from chalicelib.sessions.dead_letters import MOST_AT_ONCE, Examined, Redriven


class DeadLetterView(ResponseBody):
    """A message of a controller's queue that no agent could act on. `open`: the command that it names is
    still to be done, so that sending it again makes sense. `receives` counts looks at it too."""

    id: str
    sent_at: Time
    receives: int
    problem: Literal["unreadable", "foreign", "not_claimed"]
    detail: str
    command_id: str | None
    session_id: str | None
    open: bool

    @classmethod
    def of(cls, examined: Examined) -> "DeadLetterView":
        """What was found out about it."""
        letter, reference = examined.letter, examined.reference
        return cls(
            id=letter.id,
            sent_at=letter.sent_at,
            receives=letter.receives,
            problem=examined.problem.value,
            detail=examined.detail,
            command_id=reference and reference.command_id,
            session_id=reference and reference.session_id,
            open=examined.open,
        )


class DeadLetterPage(Page[DeadLetterView]):
    """Some of them, and about how many there are: a queue cannot be read page by page."""

    count: int


class RedriveDeadLetters(RequestBody):
    """Without `ids`, as many as one call takes (200)."""

    ids: (
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=100)]],
            Field(min_length=1, max_length=MOST_AT_ONCE),
        ]
        | None
    ) = None


class RedrivenView(ResponseBody):
    """What was sent again, and what was dropped since nothing waited for it any more."""

    redriven: int
    dropped: int

    @classmethod
    def of(cls, redriven: Redriven) -> "RedrivenView":
        """The result of a call."""
        return cls(redriven=redriven.redriven, dropped=redriven.dropped)
