"""A command's id is its session's with a number in the last four characters.

So a claim, which names the command alone, finds the session without a lookup row, and ids are never reused.
Sessions' own ids end in `0000`: 60 random bits a millisecond are left to them.
"""

import secrets

from chalicelib.core.ids import is_id, new_id

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, as ULIDs use it."""
_DIGITS = 4
_TIME_END = len("ses-") + 10
_RANDOM_DIGITS = 12
MOST = len(_ALPHABET) ** _DIGITS - 1
"""Commands that one session can have: about a million."""


def new_session_id() -> str:
    """An id that leaves room for the numbers of commands.

    Its random part is drawn here: ULIDs of one millisecond count up from one another, so that cutting off
    their last characters would give two sessions one id.
    """
    moment = new_id("ses")[:_TIME_END]
    random_part = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_DIGITS))
    return moment + random_part + "0" * _DIGITS


def command_id(session_id: str, number: int) -> str:
    """The id of a session's command, counted from 1. Raises OverflowError past `MOST`."""
    if not 0 < number <= MOST:
        raise OverflowError("a session has no more command numbers")
    digits = ""
    for _ in range(_DIGITS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return f"cmd-{session_id.removeprefix('ses-')[:-_DIGITS]}{digits}"


def locate(command: str) -> tuple[str, int] | None:
    """The session and the number; None if this cannot be a command's id."""
    if not is_id(command, "cmd"):
        return None
    number = 0
    for digit in command[-_DIGITS:]:
        number = number * len(_ALPHABET) + _ALPHABET.index(digit)
    return f"ses-{command.removeprefix('cmd-')[:-_DIGITS]}{'0' * _DIGITS}", number
