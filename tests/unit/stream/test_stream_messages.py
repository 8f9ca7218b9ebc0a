"""What a viewer may say, however its bytes are cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.stream.gateway.messages import (
    EXTENDED_CLIPBOARD,
    EXTENDED_MOUSE_BUTTONS,
    BadMessage,
    ClientMessages,
)
from chalicelib.protocol.streams import StreamPermissions

FULL = StreamPermissions()
VIEW = StreamPermissions(control=False)
NO_PASTE = StreamPermissions(clipboard_in=False)
NO_COPY = StreamPermissions(clipboard_out=False)

PIXEL_FORMAT = bytes([0]) + bytes(19)
UPDATE = struct.pack("!BBHHHH", 3, 1, 0, 0, 640, 480)
KEY = struct.pack("!BBxxI", 4, 1, 0x61)
POINTER = struct.pack("!BBHH", 5, 1, 10, 20)
POINTER_BIT_7 = struct.pack("!BBHH", 5, 0x80, 10, 20)
CONTINUOUS = struct.pack("!BBHHHH", 150, 1, 0, 0, 1, 1)
FENCE = struct.pack("!BxxxIB", 248, 1, 5) + b"12345"
XVP = bytes([250, 0, 1, 2])
SIZE = struct.pack("!BxHHBx", 251, 800, 600, 2) + bytes(32)
QEMU_KEY = struct.pack("!BBHII", 255, 0, 1, 0x61, 30)


def encodings(*wanted: int) -> bytes:
    return struct.pack(f"!BxH{len(wanted)}i", 2, len(wanted), *wanted)


def cut_text(text: bytes) -> bytes:
    return struct.pack("!BxxxI", 6, len(text)) + text


def extended(action: int, payload: bytes = b"") -> bytes:
    return struct.pack("!BxxxiI", 6, -(4 + len(payload)), action << 24 | 1) + payload


CAPS, REQUEST, PEEK, NOTIFY, PROVIDE = 1, 2, 4, 8, 16
SEEING = [PIXEL_FORMAT, encodings(0, 7, -223), UPDATE, CONTINUOUS, FENCE]
DOING = [KEY, POINTER, POINTER_BIT_7, XVP, SIZE, QEMU_KEY]
PASTING = [cut_text(b""), cut_text(b"pasted text"), extended(NOTIFY), extended(PROVIDE, b"zipped" * 50)]
COPYING = [extended(CAPS, b"\0\0\0\0"), extended(REQUEST), extended(PEEK)]
EVERYTHING = SEEING + DOING + PASTING + COPYING


def passed(permissions: StreamPermissions, messages: list[bytes]) -> bytes:
    return ClientMessages(permissions).feed(b"".join(messages))


def test_control_passes_everything_unchanged() -> None:
    assert passed(FULL, EVERYTHING) == b"".join(EVERYTHING)


@pytest.mark.feature("A view-only viewer's keys, pointer, clipboard and resizing are dropped by the gateway")
def test_view_only_sees_but_does_not_act() -> None:
    assert passed(VIEW, EVERYTHING) == b"".join(SEEING + COPYING)


@pytest.mark.feature("Pasting into a session can be forbidden per ticket")
def test_no_pasting() -> None:
    assert passed(NO_PASTE, EVERYTHING) == b"".join(SEEING + DOING + COPYING)


@pytest.mark.feature("Copying out of a session can be forbidden per ticket")
def test_no_copying() -> None:
    """The server is told that the viewer knows the extended clipboard and takes nothing unasked."""
    filtered = ClientMessages(NO_COPY)
    assert filtered.preamble().startswith(encodings(EXTENDED_CLIPBOARD))
    assert filtered.feed(b"".join(COPYING + PASTING)) == b"".join(PASTING)
    assert ClientMessages(NO_COPY).feed(encodings(0)) == encodings(0, EXTENDED_CLIPBOARD)
    assert ClientMessages(FULL).preamble() == b""


def test_extended_mouse_buttons_are_not_negotiated() -> None:
    assert passed(FULL, [encodings(1, EXTENDED_MOUSE_BUTTONS, 2)]) == encodings(1, 2)


@pytest.mark.parametrize(
    "message",
    [
        bytes([1, 0]),
        bytes([7]),
        bytes([252, 1]),
        bytes([253]),
        bytes([255, 1, 0, 0]),
        struct.pack("!BxH", 2, 60000),
        struct.pack("!BxxxI", 6, 17 * 2**20),
        struct.pack("!Bxxxi", 6, -3),
        struct.pack("!Bxxxi", 6, -(2**31)),
    ],
)
def test_what_cannot_be_checked_ends_the_stream(message: bytes) -> None:
    with pytest.raises(BadMessage):
        ClientMessages(FULL).feed(KEY + message)


def test_input_is_noticed_only_if_it_counts() -> None:
    for permissions, message, expected in [
        (FULL, KEY, True),
        (FULL, QEMU_KEY, True),
        (FULL, POINTER, True),
        (FULL, KEY[:5], False),
        (FULL, UPDATE, False),
        (VIEW, KEY, False),
    ]:
        viewer = ClientMessages(permissions)
        viewer.feed(message)
        assert viewer.input_seen is expected


def test_a_long_text_is_not_held() -> None:
    viewer = ClientMessages(FULL)
    assert len(viewer.feed(cut_text(bytes(10**6))[:5000])) == 5000


@given(
    messages=st.lists(st.sampled_from(EVERYTHING), max_size=12),
    permissions=st.builds(
        StreamPermissions, control=st.booleans(), clipboard_in=st.booleans(), clipboard_out=st.booleans()
    ),
    data=st.data(),
)
def test_any_cut_gives_the_same(
    messages: list[bytes], permissions: StreamPermissions, data: st.DataObject
) -> None:
    whole = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    viewer, pieces = ClientMessages(permissions), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        pieces.append(viewer.feed(whole[start:end]))
    assert b"".join(pieces) == ClientMessages(permissions).feed(whole)
    once = b"".join(ClientMessages(permissions).feed(message) for message in messages)
    assert b"".join(pieces) == once


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_rubbish_is_refused_or_filtered_alike(pieces: list[bytes], control: bool) -> None:
    def run(chunks: list[bytes]) -> tuple[bytes, bool]:
        viewer, out = ClientMessages(StreamPermissions(control=control)), []
        try:
            for chunk in chunks:
                out.append(viewer.feed(chunk))
        except BadMessage:
            return b"", True
        return b"".join(out), False

    whole = b"".join(pieces)
    assert run(pieces) == run([whole]) == run([whole[n : n + 1] for n in range(len(whole))])
