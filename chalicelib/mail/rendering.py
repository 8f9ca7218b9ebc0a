"""The common frame of mails: who writes, what it is about, one button, and a word on why it came.

Plain HTML that every mail program shows; nothing is loaded from anywhere. All text is escaped here.
"""

from dataclasses import dataclass
from html import escape
from textwrap import fill

from chalicelib.mail.rules import Message

_BODY = "margin:0;padding:24px;background:#f4f5f7;font-family:system-ui,-apple-system,Segoe UI,sans-serif"
_CARD = "max-width:520px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px;color:#1f2430"
_BUTTON = (
    "display:inline-block;padding:12px 20px;background:#2f5fde;color:#ffffff;border-radius:6px;"
    "text-decoration:none;font-weight:600"
)
_SMALL = "color:#5c6373;font-size:13px;line-height:1.5"


@dataclass(frozen=True)
class Letter:
    """What a mail says. `organisation` is on whose behalf it comes; `action` is a label and an http(s) link;
    `notes` go below it, small."""

    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()
    organisation: str = "StreamSpace"


def render(to: str, letter: Letter) -> Message:
    """The letter as text and as HTML. Raises ValueError for a link that is no web address."""
    if letter.action is not None and not letter.action[1].startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {letter.action[1][:40]}")
    return Message(to, letter.subject, _text(letter), _html(letter))


def _text(letter: Letter) -> str:
    parts = [fill(paragraph, 76) for paragraph in letter.paragraphs]
    if letter.action is not None:
        label, link = letter.action
        parts.append(f"{label}:\n{link}")
    parts += [fill(note, 76) for note in letter.notes]
    return "\n\n".join([*parts, f"-- \n{letter.organisation}"]) + "\n"


def _html(letter: Letter) -> str:
    parts = [f"<h1 style='font-size:20px;margin:0 0 16px'>{escape(letter.subject)}</h1>"]
    parts += [f"<p style='line-height:1.5'>{escape(text)}</p>" for text in letter.paragraphs]
    if letter.action is not None:
        label, link = (escape(each, quote=True) for each in letter.action)
        parts.append(f'<p style="margin:24px 0"><a href="{link}" style="{_BUTTON}">{label}</a></p>')
        parts.append(f'<p style="{_SMALL};word-break:break-all">{link}</p>')
    parts += [f'<p style="{_SMALL}">{escape(note)}</p>' for note in letter.notes]
    parts.append(f'<p style="{_SMALL}">{escape(letter.organisation)}</p>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"></head>'
        f'<body style="{_BODY}"><div style="{_CARD}">{"".join(parts)}</div></body></html>'
    )
