"""What a mail looks like on the wire, and that no value can become more than what it stands for."""

from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.mail.message import compose
from chalicelib.mail.rendering import Letter, render
from chalicelib.mail.rules import Message, check_address, next_attempt

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENDER = "StreamSpace <post@example.com>"


def parsed(message: Message, sender: str = SENDER):
    whole = compose(message, sender, "mai-1.0", NOW).as_bytes()
    return BytesParser(policy=policy.default).parsebytes(whole)


def test_text_and_html_say_the_same():
    letter = Letter(
        "Join us", ("Ada invites you.",), ("Accept", "https://x.example/i#token=a.b-c_d"), ("By.",)
    )
    mail = parsed(render("bob@example.com", letter))
    assert mail["From"] == SENDER
    assert mail["To"] == "bob@example.com"
    assert mail["Message-ID"] == "<mai-1.0@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "Ada invites you." in part
        assert "https://x.example/i#token=a.b-c_d" in part
    assert text.splitlines().count("https://x.example/i#token=a.b-c_d") == 1, "a link on a line of its own"


def test_a_long_link_arrives_in_one_piece():
    link = "https://x.example/i#token=" + "aB3-_." * 150
    mail = parsed(render("bob@example.com", Letter("S", ("P",), ("Go", link))))
    assert link in mail.get_body(("plain",)).get_content()
    assert link in mail.get_body(("html",)).get_content()


def test_nothing_is_loaded_from_anywhere():
    html = render("a@example.com", Letter("S", ("P",), ("Go", "https://x.example"))).html
    assert html is not None
    assert "<img" not in html
    assert "url(" not in html
    assert "<link" not in html
    assert "src=" not in html


def test_names_are_text_not_markup():
    evil = "<script>alert(1)</script>\"'&"
    letter = Letter(evil, (evil,), (evil, f"https://x.example/?{evil}"), (evil,), evil)
    html = render("a@example.com", letter).html
    assert html is not None
    assert "<script" not in html
    assert 'href="https://x.example/?&lt;script&gt;' in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//x.example", ""])
def test_a_button_leads_to_the_web_only(link):
    with pytest.raises(ValueError, match="not a web address"):
        render("a@example.com", Letter("S", ("P",), ("Go", link)))


@pytest.mark.parametrize(
    "subject", ["Hello\r\nBcc: victim@example.com", "Hello\nX: y", "a\x00b\x0bc\x85d\u2028Bcc: e"]
)
def test_a_subject_stays_a_subject(subject):
    mail = parsed(Message("a@example.com", subject, "x"))
    assert mail["Bcc"] is None
    assert set(mail.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version",
        "Content-Transfer-Encoding",
    }  # fmt: skip


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_no_text_makes_a_header_or_another_recipient(subject, local, body):
    try:
        mail = compose(Message(f"{local}@example.com", subject, body), SENDER, "m", NOW)
    except Invalid:
        return
    whole = BytesParser(policy=policy.default).parsebytes(mail.as_bytes())
    assert len(whole["To"].addresses) == 1
    assert whole["To"].addresses[0].addr_spec == f"{local}@example.com"
    assert whole["Bcc"] is None
    assert whole["Cc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@", "a@", "@b", "a@b@c", "a b@c.example", "a@b.example, c@d.example", "<a@b.example>",
        "A <a@b.example>", "a@b.example\r\nBcc: c@d.example", "a@b.example\n",
        '"a b"@c.example', "a;b@c.example", "a@b.example\x00", "x" * 250 + "@c.example",
        "a\u2028b@c.example", "a:b@c.example", "a@[127.0.0.1]",
    ],
)  # fmt: skip
def test_addresses_that_are_none(address):
    with pytest.raises(Invalid):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["a@b.example", "a.b+c@d-e.example", "o'neil@x.example", "a@bücher.example"]
)
def test_addresses(address):
    assert check_address(address) == address
    assert parsed(Message(address, "S", "x"))["To"].addresses[0].username == address.split("@")[0]


def test_an_international_domain_is_written_for_machines():
    assert "xn--bcher-kva" in str(parsed(Message("a@bücher.example", "S", "x"))["To"])


def test_an_organisations_name_in_the_sender_is_one_name():
    mail = parsed(Message("a@b.example", "S", "x"), 'Ac\rme, "Inc" <x@y> <post@example.com>')
    [sender] = mail["From"].addresses
    assert sender.addr_spec == "post@example.com"
    assert sender.display_name.startswith('Ac me, "Inc"')


def test_pauses_grow_to_an_hour():
    pauses = [next_attempt(attempts, NOW) - NOW for attempts in range(1, 40)]
    assert pauses[0] == timedelta(minutes=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
