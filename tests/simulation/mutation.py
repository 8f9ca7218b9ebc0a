"""What it is to break a rule on purpose."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`before` occurs once in the file and becomes `after`. `seen_as`: a pattern of what is then said."""

    name: str
    file: str
    before: str
    after: str
    seen_as: str
