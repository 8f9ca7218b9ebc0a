"""Cursors are bound to their list and can't be forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import paging
from chalicelib.core.errors import Invalid

POSITION = {"tenant_id": {"S": "ten-1"}, "id": {"S": "x"}}


def test_round_trip():
    assert paging.unseal(paging.seal(POSITION, scope="a"), scope="a") == POSITION
    assert paging.seal(None, scope="a") is None
    assert paging.unseal(None, scope="a") is None


def test_another_lists_cursor_is_refused():
    with pytest.raises(Invalid):
        paging.unseal(paging.seal(POSITION, scope="a"), scope="b")


@given(st.data())
def test_any_change_is_noticed(data):
    cursor = paging.seal(POSITION, scope="a")
    index = data.draw(st.integers(0, len(cursor) - 2))  # the last character has bits that decode to nothing
    letter = data.draw(st.sampled_from("ABCDEFabcdef0123456789-_").filter(lambda each: each != cursor[index]))
    with pytest.raises(Invalid):
        paging.unseal(cursor[:index] + letter + cursor[index + 1 :], scope="a")


@given(st.text(max_size=200))
def test_anything_else_is_refused(text):
    with pytest.raises(Invalid):
        paging.unseal(text, scope="a")
