"""Where mails are handed over: Amazon SES, an SMTP server, or a folder. The configuration chooses."""

from email.message import EmailMessage
from typing import Protocol
from urllib.parse import urlsplit

import boto3

from chalicelib.core.config import Config


class Refused(Exception):
    """For good: trying again would be refused again."""


class Unreachable(Exception):
    """For now: the server does not answer, or asks to come later."""


class MailPort(Protocol):
    """Hands a message over. Raises Refused or Unreachable."""

    def send(self, mail: EmailMessage) -> None: ...


class Unconfigured:
    """No way out was configured: requests wait for one, a day."""

    def send(self, _mail: EmailMessage) -> None:
        raise Unreachable("STREAMSPACE_MAIL says nowhere to send mails")


def port(settings: Config) -> MailPort:
    """What `STREAMSPACE_MAIL` says: `ses:<sender>`, `smtp://host:port`, `smtps://host:port`, `file:<folder>`.
    Raises ValueError for anything else."""
    scheme, _, rest = settings.mail.partition(":")
    if not settings.mail:
        return Unconfigured()
    # Imported where chosen: each brings its own client.
    if scheme == "ses":
        from chalicelib.mail.ses import SesPort  # noqa: PLC0415

        return SesPort(settings.region)
    if scheme == "file" and rest:
        from chalicelib.mail.files import FolderPort  # noqa: PLC0415

        return FolderPort(rest)
    if scheme in ("smtp", "smtps"):
        from chalicelib.mail.smtp import SmtpPort  # noqa: PLC0415

        url = urlsplit(settings.mail)
        if url.hostname:
            tls = scheme == "smtps"
            return SmtpPort(
                url.hostname, url.port or (465 if tls else 587), tls=tls, login=lambda: _login(settings)
            )
    raise ValueError(f"STREAMSPACE_MAIL: not one of ses:…, smtp://…, smtps://…, file:…: {scheme}")


def _login(settings: Config) -> str:
    if not settings.mail_login_secret:
        return settings.mail_login
    manager = boto3.client("secretsmanager", region_name=settings.region)
    return str(manager.get_secret_value(SecretId=settings.mail_login_secret)["SecretString"])
