"""What identity writes to people. Of what strangers typed nothing is repeated to an address that they chose:
these mails must not carry anybody's advertisement."""

from chalicelib.identity.rules import Person
from chalicelib.mail.service import Letter, Message, render


def password_reset(person: Person, organisation: str, url: str) -> Message:
    """Sent to an account's own address."""
    return render(
        person.email,
        Letter(
            subject=f"Set a new password for {organisation}",
            paragraphs=(
                f"Hello {person.name},",
                f"somebody, hopefully you, asked for a new password for your account at {organisation}.",
            ),
            action=("Choose a new password", url),
            notes=(
                "The link works once, for one hour.",
                "If it was not you, do nothing: your password stays as it is.",
            ),
            organisation=organisation,
        ),
    )


def sign_up(email: str, url: str) -> Message:
    """Sent to an address that somebody typed."""
    return render(
        email,
        Letter(
            subject="Confirm your e-mail address",
            paragraphs=("Somebody, hopefully you, wants to open an organisation with this address.",),
            action=("Confirm and choose a password", url),
            notes=(
                "The link works once, for 24 hours.",
                "If it was not you, do nothing: without it nothing is created.",
            ),
        ),
    )
