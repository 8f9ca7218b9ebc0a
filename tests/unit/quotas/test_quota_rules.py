"""Refusals name the limit."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.quotas.rules import UNLIMITED, Amount, Limits, Quota, left, refusal


def test_refusal_names_limit_use_and_demand():
    quota = Quota("tenant", Limits(cpu_millis=4000), Amount(sessions=2, cpu_millis=3500))
    sentence = refusal(quota, Amount(sessions=1, cpu_millis=1000))
    assert sentence == "This organisation's limit for CPU is 4 cores; 3.5 cores in use, 1 cores asked for."


def test_zero_dimensions_are_not_checked():
    assert Amount(sessions=1).items() == [("sessions", 1)]


@given(st.one_of(st.none(), st.integers(0, 10**12)), st.integers(0, 10**12))
def test_left_and_used_add_up(limit, used):
    assert left(limit, used) + used == (UNLIMITED if limit is None else limit)
