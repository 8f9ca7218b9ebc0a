"""Short names of organisations that sign up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.identity.sign_up import slug_of
from chalicelib.tenancy.rules import check_slug


@pytest.mark.parametrize(
    ("name", "start"), [("Ada & Söhne GmbH", "ada-sohne-gmbh-"), ("公司", "org-"), ("--", "org-")]
)
def test_slugs_are_plain_and_end_at_random(name, start):
    assert re.fullmatch(f"{start}[a-z0-9]{{4}}", slug_of(name))
    assert slug_of(name) != slug_of(name)


@given(st.text(max_size=80))
def test_any_name_makes_a_slug(name):
    assert check_slug(slug_of(name))
