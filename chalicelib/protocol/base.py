"""What every wire message shares."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

Timestamp = AwareDatetime
"""RFC 3339 with an offset; UTC by convention."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}$")]
"""Three-letter kind, hyphen, lower-case ULID: `ses-01kb…`. Sorts by time and is a DNS label."""


class Wire(BaseModel):
    """A frozen message. Unknown fields are ignored, so that an older reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")
