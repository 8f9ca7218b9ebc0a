"""Refusals name the limit and whose it is."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.quotas.rules import (
    DIMENSIONS,
    NAMES,
    UNLIMITED,
    Amount,
    Limits,
    Quota,
    left,
    obstacle,
    refusal,
)


def sentence(quota: Quota, asked: Amount, group: str | None = None) -> str:
    found = obstacle(quota, asked)
    assert found is not None
    return refusal(found, group)


def test_refusal_names_limit_use_and_demand() -> None:
    quota = Quota("tenant", Limits(cpu_millis=4000), Amount(sessions=2, cpu_millis=3500))
    told = sentence(quota, Amount(sessions=1, cpu_millis=1000))
    assert told == "This organisation's limit for CPU is 4 cores; 3.5 cores in use, 1 cores asked for."


@pytest.mark.parametrize(
    ("subject", "group", "whose"),
    [
        ("tenant", None, "This organisation's limit"),
        ("user#usr-1", None, "Your limit"),
        ("group#grp-1", "Design", "The group Design's limit"),
        ("group#grp-1", None, "Your group's limit"),
    ],
)
def test_refusal_says_whose_limit_it_is(subject: str, group: str | None, whose: str) -> None:
    quota = Quota(subject, Limits(storage_bytes=2**30), Amount())
    told = sentence(quota, Amount(storage_bytes=2**31), group)
    assert told == f"{whose} for storage is 1Gi; 0 in use, 2Gi asked for."


def test_zero_dimensions_are_not_checked() -> None:
    assert Amount(sessions=1).items() == [("sessions", 1)]
    full = Quota("tenant", Limits(gpu=0, sessions=1), Amount(gpu=3))
    assert obstacle(full, Amount(sessions=1)) is None


def test_every_dimension_has_a_name() -> None:
    assert set(NAMES) == set(DIMENSIONS) == set(Amount.__dataclass_fields__)


@pytest.mark.parametrize(("own", "plan", "bound"), [(None, None, None), (None, 5, 5), (9, 5, 5), (3, 5, 3)])
def test_a_plan_bounds_sessions(own: int | None, plan: int | None, bound: int | None) -> None:
    assert Limits(sessions=own, gpu=1).at_most(plan) == Limits(sessions=bound, gpu=1)


def test_a_controller_knows_no_storage() -> None:
    assert Amount(1, 2, 3, 4, 5).on_a_controller == Amount(1, 2, 3, 4)


@given(st.one_of(st.none(), st.integers(0, 10**12)), st.integers(0, 10**12))
def test_left_and_used_add_up(limit: int | None, used: int) -> None:
    assert left(limit, used) + used == (UNLIMITED if limit is None else limit)


@given(
    st.lists(st.integers(0, 100), min_size=5, max_size=5),
    st.lists(st.integers(0, 100), min_size=5, max_size=5),
)
def test_amounts_add_up(one: list[int], other: list[int]) -> None:
    assert astuple(Amount(*one) + Amount(*other)) == tuple(a + b for a, b in zip(one, other, strict=True))
