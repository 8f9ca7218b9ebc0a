"""What a password must be (NIST SP 800-63B-4, section 3.1.1.2): long, not obvious, and nothing else. Pure.

No rules about digits or symbols: they make passwords worse. Where a breach list is wanted, federated sign-in
is the better answer.
"""

import re

from chalicelib.core.errors import Invalid

SHORTEST = 10
LONGEST = 256
_COMMON = frozenset(
    {
        "password12", "password123", "password1234", "password12345", "passwordpassword", "mypassword123",
        "1234567890", "12345678910", "123456789012", "0987654321", "qwertyuiop", "qwertyuiop123",
        "1q2w3e4r5t", "1q2w3e4r5t6y", "q1w2e3r4t5", "zaq12wsxcde3", "qwerty12345", "qwerty123456",
        "asdfghjkl123", "abcdefghij", "abcd123456", "abc123456789", "iloveyou123", "letmein123",
        "welcome123", "welcome1234", "administrator", "changeme123", "football123", "sunshine123",
        "princess123", "superman123", "p@ssw0rd123", "p@ssword123", "passw0rd123",
        "correcthorsebatterystaple",
    }
)  # fmt: skip
"""The long ones that head every list of stolen passwords."""
_PLAIN = re.compile(r"[\s\-_.@+]+")


def check_password(
    password: str, *, field: str = "password", shortest: int = SHORTEST, related: tuple[str, ...] = ()
) -> str:
    """The password, when it may be used. `related` is what an attacker would try first: the e-mail, the
    person's name, the organisation's. Raises Invalid that names `field`."""
    least = max(shortest, SHORTEST)
    if not least <= len(password) <= LONGEST:
        raise Invalid.field(field, f"Use {least} to {LONGEST} characters.")
    plain = _plainly(password)
    if plain in {_plainly(each) for each in related if each} or any(
        password.casefold() == each.partition("@")[0].casefold() for each in related if each
    ):
        raise Invalid.field(field, "Use something else than your name, address or organisation.")
    if plain in _COMMON or len(set(password)) <= 2:
        raise Invalid.field(field, "This is among the passwords that are tried first.")
    return password


def _plainly(text: str) -> str:
    return _PLAIN.sub("", text.casefold())
