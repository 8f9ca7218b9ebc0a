"""Mails as their readers see them: what the product has put into the folder that it sends to in tests."""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any


class Mailbox:
    """`deliver` does what the table's stream does on AWS: hands every new request over."""

    def __init__(self, app: Any, folder: Path) -> None:
        self._app = app
        self._folder = folder

    def deliver(self) -> None:
        """Send all that has been asked for."""
        self._app.mail_requested(stream_event(waiting()), None)

    def letters(self, to: str) -> list[EmailMessage]:
        """Everything that this address has been sent, oldest first."""
        self.deliver()
        return [mail for mail in read(self._folder) if mail["To"] == to]

    def link(self, to: str) -> str:
        """The link in the newest mail to this address."""
        return link(self.letters(to)[-1])


def read(folder: Path) -> list[EmailMessage]:
    """Every mail in a folder, oldest first."""
    return [parse(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def parse(content: bytes) -> EmailMessage:
    """A mail as it came over the wire."""
    return BytesParser(policy=policy.default).parsebytes(content)


def text(mail: EmailMessage) -> str:
    """The plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage) -> str:
    """The first link in its text."""
    found = re.search(r"https?://\S+", text(mail))
    assert found, text(mail)
    return found[0]


def waiting() -> list[dict[str, Any]]:
    """The rows that wait, as items."""
    from chalicelib.mail.models import MailRequestRow

    return [row.serialize() for row in MailRequestRow.scan(consistent_read=True)]


def stream_event(items: list[dict[str, Any]], name: str = "INSERT") -> dict[str, Any]:
    """A batch of the table's stream, as Lambda gets it."""
    records = [
        {
            "eventID": str(number),
            "eventName": name,
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:0:table/streamspace-mail-requests/stream/1",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "SequenceNumber": str(number),
                "Keys": {key: item[key] for key in ("tenant_id", "mail_id")},
                "NewImage": item,
            },
        }
        for number, item in enumerate(items)
    ]
    return {"Records": records}
