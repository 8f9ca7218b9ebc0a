"""Where requests end: nothing is lost or changed, and what is doubtful is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.stream.heads import BadHead, RequestHead, answer, request
from agent.stream.relay.framing import Framer

GET = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world"
CHUNKED = (
    b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1a;ext=1\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: yes\r\n\r\n"
)
EMPTY_CHUNKED = b"PUT /y HTTP/1.1\r\nHost: x\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n"
REQUESTS = [GET, POST, CHUNKED, EMPTY_CHUNKED]
UPGRADE = (
    b"GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
)


def drain(framer: Framer) -> tuple[list[str], bytes]:
    paths, out = [], b""
    while (piece := framer.next()) is not None:
        if isinstance(piece, RequestHead):
            paths.append(piece.path)
            out += piece.raw
        else:
            out += piece
    return paths, out


@given(st.lists(st.sampled_from(REQUESTS), max_size=6), st.data())
def test_any_cut_gives_the_same(requests: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=15)))
    framer, paths, out = Framer(), [], b""
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        framer.receive(whole[start:end])
        more, passed = drain(framer)
        paths += more
        out += passed
    assert out == whole
    assert paths == [request.split(b" ")[1].decode() for request in requests]
    assert framer.between


def test_after_an_upgrade_nothing_is_read_until_it_is_decided() -> None:
    framer = Framer()
    framer.receive(UPGRADE + b"\x81\x02hi")
    assert drain(framer) == (["/v1/events"], UPGRADE)
    framer.upgraded()
    assert drain(framer) == ([], b"\x81\x02hi")
    refused = Framer()
    refused.receive(UPGRADE + GET)
    drain(refused)
    refused.not_upgraded()
    assert drain(refused) == (["/v1/me"], GET)


def test_other_upgrades_are_ordinary_requests() -> None:
    framer = Framer()
    framer.receive(UPGRADE.replace(b"websocket", b"h2c") + GET)
    assert drain(framer)[0] == ["/v1/events", "/v1/me"]


@pytest.mark.parametrize(
    "raw",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nnovalue\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 20000,
    ],
)
def test_doubtful_requests_are_refused(raw: bytes) -> None:
    framer = Framer()
    framer.receive(raw)
    with pytest.raises(BadHead):
        drain(framer)


def test_a_field_is_replaced_and_the_rest_left_alone() -> None:
    raw = (
        b"GET / HTTP/1.1\r\nHost:  x \r\nx-forwarded-FOR: 1.2.3.4\r\nAccept: a\r\nX-Forwarded-For: 5\r\n\r\n"
    )
    head = request(raw)
    assert head.fields.joined(b"x-forwarded-for") == "1.2.3.4, 5"
    assert head.with_field(b"X-Forwarded-For", b"9.9.9.9") == (
        b"GET / HTTP/1.1\r\nHost:  x \r\nAccept: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"
    )


def test_answers() -> None:
    assert answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")[0] == 101
    assert answer(b"HTTP/1.1 502\r\n\r\n")[0] == 502
    with pytest.raises(BadHead):
        answer(b"SSH-2.0-OpenSSH\r\n\r\n")
