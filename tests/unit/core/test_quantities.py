"""Quantities survive a round trip and refuse what Kubernetes would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.quantities import byte_count, cpu_millis, format_bytes, format_cpu


@given(st.integers(0, 2**50))
def test_bytes_round_trip(count):
    assert byte_count(format_bytes(count)) == count


@given(st.integers(0, 10**8))
def test_cpu_round_trip(millis):
    assert cpu_millis(format_cpu(millis)) == millis


@pytest.mark.parametrize(
    ("text", "count"), [("2Gi", 2**31), ("1.5Gi", 3 * 2**29), ("500M", 5 * 10**8), ("0", 0), ("1k", 1000)]
)
def test_bytes(text, count):
    assert byte_count(text) == count


@pytest.mark.parametrize(("text", "millis"), [("1", 1000), ("0.5", 500), ("250m", 250)])
def test_cpu(text, millis):
    assert cpu_millis(text) == millis


@pytest.mark.parametrize("text", ["", "2 Gi", "-1Gi", "1e9", "2GB", "\u0661Gi", "1Gi\n"])
def test_refused_bytes(text):
    with pytest.raises(ValueError, match="Use bytes"):
        byte_count(text)


@pytest.mark.parametrize("text", ["", "m", "-1", "1.5m", "one"])
def test_refused_cpu(text):
    with pytest.raises(ValueError, match="Use thousandths"):
        cpu_millis(text)
