"""An SMTP server, with TLS where it offers it; credentials are given to none that does not."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage

from chalicelib.mail.ports import Refused, Unreachable

_SECONDS = 10


class SmtpPort:
    """`tls` from the first byte (smtps), else STARTTLS where offered. `login` gives `user:password`, or
    nothing for a server that asks for none. A certificate that does not fit ends the attempt."""

    def __init__(self, host: str, port: int, *, tls: bool = False, login: Callable[[], str] = str) -> None:
        self._host, self._port, self._tls, self._login = host, port, tls, login

    def send(self, mail: EmailMessage) -> None:
        try:
            server = self._connect()
            try:
                server.send_message(mail)
                # Accepted: nothing that QUIT answers changes that.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
            finally:
                server.close()
        except smtplib.SMTPRecipientsRefused as error:
            _judge(max(code for code, _ in error.recipients.values()), error)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            _judge(error.smtp_code, error)
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("the server does not take this kind of address") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(type(error).__name__) from error

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_SECONDS)
        try:
            server.ehlo()
            encrypted = self._tls
            if not encrypted and server.has_extn("starttls"):
                server.starttls(context=context)
                encrypted = True
            login = self._login()
            if login:
                if not encrypted:
                    raise Unreachable("the server offers no TLS, so it gets no password")
                user, _, password = login.partition(":")
                server.login(user, password)
        except BaseException:
            server.close()
            raise
        return server


def _judge(code: int, error: Exception) -> None:
    """RFC 5321, section 4.2.1: 5xx is for good, 4xx for now."""
    if code >= 500:
        raise Refused(f"SMTP {code}") from error
    raise Unreachable(f"SMTP {code}") from error
