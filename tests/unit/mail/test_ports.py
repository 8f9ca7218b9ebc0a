"""The three ways out, each against what it really speaks to."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from moto import mock_aws

from chalicelib.core.clock import utc_now
from chalicelib.core.config import Config, read
from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.core.errors import Invalid
from chalicelib.mail.files import FolderPort
from chalicelib.mail.message import compose
from chalicelib.mail.models import DynamoMailStore
from chalicelib.mail.ports import MailPort, Refused, Unconfigured, Unreachable, port
from chalicelib.mail.rules import Message
from chalicelib.mail.service import MailService
from chalicelib.mail.ses import SesPort
from chalicelib.mail.smtp import SmtpPort
from tests.support import mailbox
from tests.support.certificate import server_context

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_mail(to: str = "bob@example.com", name: str = "mai-1.0") -> Any:
    text = "Grüße\n.\nA line that begins with a dot\n"
    return compose(Message(to, "Grüße", text, "<p>Grüße</p>"), "StreamSpace <post@example.com>", name, NOW)


class Server:
    """What an SMTP server was given. `answers` are what it says to the next recipients or messages."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.logins: list[tuple[str, str]] = []
        self.to_recipient: list[str] = []
        self.to_message: list[str] = []

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.to_recipient:
            return self.to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.to_message:
            return self.to_message.pop(0)
        self.received.append(
            SimpleNamespace(
                sender=envelope.mail_from,
                to=envelope.rcpt_tos,
                content=envelope.content,
                tls=session.ssl is not None,
            )
        )
        return "250 Accepted"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def listening(server: Server) -> Any:
    """Starts it; a function, since TLS is a matter of how."""
    started: list[Controller] = []

    def start(**options: Any) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            number = int(probe.getsockname()[1])
        controller = Controller(server, hostname="127.0.0.1", port=number, **options)
        controller.start()
        started.append(controller)
        return number

    yield start
    for controller in started:
        controller.stop()


def test_smtp_hands_over_what_was_composed(server: Server, listening: Any) -> None:
    SmtpPort("127.0.0.1", listening()).send(a_mail())
    [got] = server.received
    assert (got.sender, got.to) == ("post@example.com", ["bob@example.com"])
    [mail] = [mailbox.parse(got.content)]
    assert mail["Subject"] == "Grüße"
    assert mailbox.text(mail).splitlines() == ["Grüße", ".", "A line that begins with a dot"]


def test_smtp_uses_tls_where_it_is_offered(
    server: Server, listening: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = server_context(tmp_path, "localhost")
    number = listening(tls_context=context)
    with pytest.raises(Unreachable):
        SmtpPort("localhost", number).send(a_mail())
    assert server.received == [], "a certificate that nobody vouches for is not trusted"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    SmtpPort("localhost", number).send(a_mail())
    assert [each.tls for each in server.received] == [True]


def test_smtp_gives_its_password_to_nobody_without_tls(server: Server, listening: Any) -> None:
    number = listening(authenticator=server.authenticate, auth_require_tls=False)
    with pytest.raises(Unreachable, match="no TLS"):
        SmtpPort("127.0.0.1", number, login=lambda: "me:right").send(a_mail())
    assert server.logins == []


def test_smtp_signs_in(
    server: Server, listening: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = server_context(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    number = listening(tls_context=context, authenticator=server.authenticate, auth_required=True)
    with pytest.raises(Unreachable):
        SmtpPort("localhost", number, login=lambda: "me:wrong").send(a_mail())
    SmtpPort("localhost", number, login=lambda: "me:right").send(a_mail())
    assert server.logins[-1] == ("me", "right")
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 no such user", Refused), ("450 come back", Unreachable), ("421 closing", Unreachable)],
)
def test_smtp_tells_for_good_from_for_now(
    server: Server, listening: Any, answer: str, error: type[Exception]
) -> None:
    number = listening()
    for refusals in (server.to_recipient, server.to_message):
        refusals.append(answer)
        with pytest.raises(error):
            SmtpPort("127.0.0.1", number).send(a_mail())
    SmtpPort("127.0.0.1", number).send(a_mail())
    assert len(server.received) == 1


def test_smtp_without_a_server_waits_for_one() -> None:
    with pytest.raises(Unreachable):
        SmtpPort("127.0.0.1", 9).send(a_mail())


@mock_aws
def test_ses_sends_the_whole_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    client = boto3.client("sesv2", region_name="us-east-1")
    with pytest.raises(Unreachable):
        SesPort("us-east-1").send(a_mail())  # the sender is not verified yet, which an operator can mend
    client.create_email_identity(EmailIdentity="post@example.com")
    boto3.client("ses", region_name="us-east-1").verify_email_identity(EmailAddress="post@example.com")
    SesPort("us-east-1").send(a_mail())
    [sent] = _sent()
    assert set(sent.destinations) == {"bob@example.com"}
    mail = mailbox.parse(sent.raw_data if isinstance(sent.raw_data, bytes) else sent.raw_data.encode())
    assert mail["Message-ID"] == "<mai-1.0@example.com>"
    assert mailbox.text(mail).startswith("Grüße")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("MessageRejected", Unreachable),
        ("BadRequestException", Refused),
        ("TooManyRequestsException", Unreachable),
        ("SendingPausedException", Unreachable),
        ("AccessDeniedException", Unreachable),
        ("InternalFailure", Unreachable),
    ],
)
def test_ses_tells_for_good_from_for_now(code: str, error: type[Exception]) -> None:
    from botocore.exceptions import ClientError

    class Refusing:
        def send_email(self, **_request: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "x"}}, "SendEmail")

    chosen = SesPort("us-east-1")
    chosen.__dict__["_client"] = Refusing()
    with pytest.raises(error):
        chosen.send(a_mail())


def _sent() -> list[Any]:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses import ses_backends

    return list(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


def test_a_folder_holds_each_mail_once(tmp_path: Path) -> None:
    folder = FolderPort(str(tmp_path / "mail"))
    folder.send(a_mail(name="mai-2.0"))
    folder.send(a_mail(name="mai-1.0"))
    folder.send(a_mail(name="mai-1.0"))
    files = sorted((tmp_path / "mail").iterdir())
    assert [path.name for path in files] == ["mai-1.0.eml", "mai-2.0.eml"]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert mailbox.text(mailbox.read(tmp_path / "mail")[0]).startswith("Grüße")


def test_a_folder_that_cannot_be_written_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way")
    with pytest.raises(Unreachable):
        FolderPort(str(tmp_path / "mail")).send(a_mail())


def test_a_mail_is_never_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", dies)
    with pytest.raises(Unreachable):
        FolderPort(str(tmp_path)).send(a_mail())
    assert mailbox.read(tmp_path) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", Unconfigured),
        ("ses:post@example.com", SesPort),
        ("smtp://127.0.0.1:25", SmtpPort),
        ("smtps://mail.example", SmtpPort),
        ("file:/tmp/mail", FolderPort),
    ],
)
def test_the_configuration_chooses(value: str, kind: type[MailPort]) -> None:
    assert type(port(Config(mail=value))) is kind


@pytest.mark.parametrize("value", ["file:", "http://x", "smtp://", "post@example.com"])
def test_a_configuration_that_leads_nowhere_is_told_at_once(value: str) -> None:
    with pytest.raises(ValueError, match="STREAMSPACE_MAIL"):
        port(Config(mail=value))


def test_ses_names_the_sender() -> None:
    assert read({"STREAMSPACE_MAIL": "ses:post@example.com"}).mail_from == "post@example.com"
    assert "xyzzy" not in repr(read({"STREAMSPACE_MAIL_LOGIN": "me:xyzzy"}))


def test_a_sender_that_is_none_is_told_at_once() -> None:
    with pytest.raises(Invalid):
        MailService(DynamoMailStore(), Unconfigured(), DynamoUnitOfWork(), utc_now, "nobody in particular")
