"""A message as it goes over the wire. Headers are structured objects, so no value can add one."""

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from chalicelib.core.errors import Invalid
from chalicelib.mail.rules import Message, check_address

_POLICY = policy.SMTP.clone(max_line_length=200)


def compose(message: Message, sender: str, name: str, moment: datetime) -> EmailMessage:
    """`name` is the message's own for ever, so that one that is sent twice is recognised as one.

    Raises Invalid for an address that is none.
    """
    origin = address_of(sender)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = origin
    mail["To"] = address_of(message.to)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = f"<{name}@{origin.domain}>"
    # RFC 3834: nobody's out-of-office should answer this.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def one_line(text: str) -> str:
    """Without line breaks and other control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def address_of(text: str) -> Address:
    """`local@domain`, or `Name <local@domain>`. Raises Invalid."""
    name, _, rest = text.rpartition("<")
    display, address = (name, rest[:-1]) if rest.endswith(">") else ("", text)
    check_address(address)
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
        return Address(one_line(display).strip('"'), local, ascii_domain)
    except (ValueError, IndexError) as error:  # IndexError: the library's parser on some malformed input
        raise Invalid.field("email", "Use one e-mail address, like ada@example.com.") from error
