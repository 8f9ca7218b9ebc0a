"""Ids of commands lead to their sessions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commands.numbers import MOST, command_id, locate, new_session_id
from chalicelib.core.ids import is_id

SESSION = new_session_id()


def test_a_session_id_leaves_room_for_its_commands() -> None:
    assert is_id(SESSION, "ses")
    assert SESSION.endswith("0000")
    assert len({new_session_id() for _ in range(1000)}) == 1000


@given(st.integers(1, MOST))
def test_an_id_leads_back(number: int) -> None:
    command = command_id(SESSION, number)
    assert is_id(command, "cmd")
    assert locate(command) == (SESSION, number)


@pytest.mark.parametrize("number", [0, MOST + 1])
def test_numbers_have_bounds(number: int) -> None:
    with pytest.raises(OverflowError):
        command_id(SESSION, number)


@pytest.mark.parametrize("text", ["", "cmd-", "cmd-" + "u" * 26, "ses-01m8237axrf4me38ybz3c6ycpy"])
def test_what_is_no_command_leads_nowhere(text: str) -> None:
    assert locate(text) is None
