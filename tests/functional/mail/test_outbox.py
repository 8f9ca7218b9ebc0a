"""A mail is asked for within a change and leaves after it: at least once, and never on somebody's way."""

import itertools
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.core.clock import utc_now
from chalicelib.mail.models import DynamoMailStore
from chalicelib.mail.ports import Refused, Unreachable
from chalicelib.mail.rules import KEPT, LEASE, MailRequest, Message
from chalicelib.mail.service import MailService
from tests.support.mailbox import stream_event, waiting

_numbers = itertools.count(1)


class Post:
    """A port that does as it is told, message by message; then it takes everything."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []
        self.troubles: list[BaseException] = []

    def send(self, mail: EmailMessage) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent.append(mail)

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.sent]


class Clock:
    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(control_plane: Any, post: Post, clock: Clock) -> MailService:
    """On the real store, which it finds and leaves empty."""
    for row in _rows():
        row.delete()
    made = MailService(DynamoMailStore(), post, control_plane.uow, clock, "StreamSpace <post@example.com>")
    made.register("note", lambda request: [Message(request.to, request.data["subject"], "A line.")])
    return made


def _rows() -> list[Any]:
    from chalicelib.mail.models import MailRequestRow

    return list(MailRequestRow.scan(consistent_read=True))


def ask(service: MailService, subject: str = "Hello", **options: Any) -> list[dict[str, Any]]:
    """Commits a request; its stream records."""
    before = {row["mail_id"]["S"] for row in waiting()}
    to = f"reader{next(_numbers)}@example.com"
    service.uow.commit([service.request("note", to, {"subject": subject}, **options)])
    return [
        record
        for record in stream_event(waiting())["Records"]
        if record["dynamodb"]["Keys"]["mail_id"]["S"] not in before
    ]


def test_a_request_is_sent_and_its_row_is_gone(service, post):
    service.deliver(ask(service))
    assert post.subjects() == ["Hello"]
    assert waiting() == []


def test_the_apps_own_handler_sends(control_plane, mailbox):
    control_plane.mail.register("test", lambda request: [Message(request.to, "By the app", "x")])
    control_plane.uow.commit([control_plane.mail.request("test", "app@example.com", {})])
    assert [mail["Subject"] for mail in mailbox.letters("app@example.com")] == ["By the app"]


def test_a_change_that_fails_asks_for_nothing(service, post):
    request = service.request("note", "nobody@example.com", {"subject": "never"})
    with pytest.raises(Exception):  # noqa: B017, PT011 - the second of two equal rows is refused
        service.uow.commit([request, request])
    assert waiting() == []


def test_the_same_records_again_send_nothing_again(service, post):
    records = ask(service)
    service.deliver(records)
    service.deliver(records)
    assert len(post.sent) == 1


def test_only_new_rows_are_read(service, post):
    records = ask(service)
    service.deliver([{**record, "eventName": "MODIFY"} for record in records])
    assert post.sent == []


@pytest.mark.feature("A mail that was promised is sent, even if a server or a process fails on the way")
def test_a_crash_between_sending_and_deleting_sends_twice_at_most(service, post, clock):
    records = ask(service)
    dying = replace(service, store=_DiesBeforeDeleting())
    with pytest.raises(_Died):
        dying.deliver(records)
    assert len(post.sent) == 1
    service.deliver(records)  # the stream repeats its batch: in other hands, as far as anyone can tell
    assert service.sweep() == 0
    clock.now += LEASE
    assert service.sweep() == 1
    service.deliver(records)
    assert service.sweep() == 0
    assert len(post.sent) == 2
    assert len({mail["Message-ID"] for mail in post.sent}) == 1, "readers' programs see one mail"
    assert waiting() == []


def test_a_crash_before_sending_loses_nothing(service, post, clock):
    records = ask(service)
    post.troubles = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        service.deliver(records)
    clock.now += LEASE
    service.sweep()
    assert len(post.sent) == 1


def test_a_stream_that_never_comes_is_made_up_for(service, post, clock):
    ask(service)
    clock.now += LEASE
    service.sweep()
    assert len(post.sent) == 1


def test_a_server_that_asks_to_wait_is_asked_again_and_nobody_else_waits(service, post, clock):
    records = ask(service, "first") + ask(service, "second")
    post.troubles = [Unreachable("450 come back later")]
    service.deliver(records)
    assert post.subjects() == ["second"]
    service.sweep()
    assert post.subjects() == ["second"], "not before a minute has passed"
    clock.now += timedelta(seconds=61)
    service.sweep()
    assert post.subjects() == ["second", "first"]
    assert waiting() == []


def test_a_refused_address_is_dropped(service, post, clock):
    records = ask(service, "bad") + ask(service, "good")
    post.troubles = [Refused("550 no such user")]
    service.deliver(records)
    assert post.subjects() == ["good"]
    assert waiting() == []


def test_after_a_day_it_is_given_up(service, post, clock):
    records = ask(service)
    post.troubles = [Unreachable("down")] * 100
    service.deliver(records)
    tries = 0
    while waiting():
        clock.now += timedelta(minutes=30)
        tries += service.sweep()
        assert tries < 60
    assert tries > 20
    assert clock.now - KEPT < utc_now() + timedelta(hours=2)
    assert post.sent == []


def test_a_composer_that_fails_keeps_no_other_waiting(service, post, clock):
    def fail(_request: MailRequest) -> list[Message]:
        raise ZeroDivisionError

    service.register("broken", fail)
    service.uow.commit([service.request("broken", "b@example.com", {})])
    broken = stream_event(waiting())["Records"]
    service.deliver(broken + ask(service, "fine"))
    assert post.subjects() == ["fine"]
    service.register("broken", lambda request: [Message(request.to, "mended", "x")])
    clock.now += timedelta(minutes=2)
    service.sweep()
    assert post.subjects() == ["fine", "mended"]


def test_a_composer_may_decide_that_there_is_nothing_to_say(service, post):
    service.register("none", lambda _request: [])
    service.uow.commit([service.request("none", "unknown@example.com", {})])
    service.deliver(stream_event(waiting())["Records"])
    assert post.sent == []
    assert waiting() == []


def test_rows_are_their_tenants_and_go_with_it(service, post, tenant, stranger):
    ask(service, tenant_id=tenant.id)
    ask(service, tenant_id=stranger.id)
    ask(service)
    assert [document["to"] for _, document in service.export(tenant.id)]
    while not service.erase(tenant.id):
        pass
    assert sorted(row["tenant_id"]["S"] for row in waiting()) == sorted(["nobody", stranger.id])


def test_erasing_goes_in_slices_until_nothing_is_left(service, tenant):
    for _ in range(210):
        service.uow.commit([service.request("note", "many@example.com", {"tenant_id": tenant.id})])
    assert service.erase(tenant.id) is False
    assert service.erase(tenant.id) is True
    assert waiting() == []


class _Died(BaseException):
    """As a process does: nothing catches it."""


class _DiesBeforeDeleting(DynamoMailStore):
    def remove(self, request: MailRequest) -> Any:
        raise _Died
