"""The chain and its canonical form."""

import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audit.rules import Head, canonical, chain, first_id, hash_of, unchained
from tests.unit.audit.chains import TENANT, entries, entry

VECTOR = (
    '{"action":"session.create","actor":{"id":"usr-01kaq0000000000000000000za","name":"Ada"},'
    '"at":"2025-11-22T19:00:00.000Z","code":"","facts":{"template":"Büro"},"format":1,'
    '"id":"aud-01kapezyw000000000000000zz","outcome":"succeeded",'
    '"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000",'
    '"request_id":"req-1","sequence":1,"source_ip":"203.0.113.9",'
    '"target":{"id":"ses-01kaq0000000000000000000zs","name":"Desk \\"1\\"","type":"session"},'
    '"tenant_id":"ten-01kaq0000000000000000000zt","user_agent":"curl/8",'
    '"via":"api-key:key-01kaq0000000000000000000zk"}'
)


def test_the_published_vector_holds() -> None:
    document = json.loads(VECTOR)
    assert canonical(document) == VECTOR
    assert hash_of(document) == hashlib.sha256(VECTOR.encode()).hexdigest()
    assert hash_of(document) == "e64c379bf2f0db81c6c0bc573378aca4652e9a9ceb334c6a308c30cac1a54728"
    assert hash_of({**document, "hash": "anything"}) == hash_of(document)
    page = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
    assert VECTOR in page
    assert hash_of(document) in page


def test_each_entry_names_the_one_before() -> None:
    sealed = entries(5)
    assert [each.seal.sequence for each in sealed] == [1, 2, 3, 4, 5]
    assert sealed[0].seal.previous_hash == "0" * 64
    for before, after in itertools.pairwise(sealed):
        assert after.seal.previous_hash == before.seal.hash
        assert json.loads(after.text)["previous_hash"] == before.seal.hash


def test_a_chain_goes_on_where_it_ended() -> None:
    whole = entries(6)
    first = chain(Head(), [each.entry for each in whole[:4]])
    rest = chain(Head(4, first[-1].seal.hash), [each.entry for each in whole[4:]])
    assert first + rest == whole


def test_what_is_stored_is_what_was_hashed() -> None:
    for each in entries(4):
        assert unchained(each.text, each.seal.hash) == each
        assert hashlib.sha256(each.text.encode()).hexdigest() == each.seal.hash


@given(st.dictionaries(st.text(st.characters(max_codepoint=126, min_codepoint=32)), st.text()))
def test_the_form_depends_on_nothing_but_the_content(facts: dict[str, str]) -> None:
    facts = {name: value.encode("utf-8", "replace").decode() for name, value in facts.items()}
    text = canonical(facts)
    assert json.loads(text) == facts
    assert canonical(dict(reversed(facts.items()))) == text
    assert canonical(json.loads(text)) == text


@pytest.mark.parametrize("odd", [{"a": 1.5}, {"a": [1]}, {"a": True}, {"ä": "1"}, {"a": {"b": 0.1}}])
def test_what_has_no_form_here_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        canonical(odd)


@given(st.integers(0, 400 * 365 * 86_400_000))
def test_ids_sort_by_time(millis: int) -> None:
    at = datetime(1971, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    assert entry(1, id=first_id(at)).at == at
    assert first_id(at) < first_id(at, past=True) == first_id(at + timedelta(milliseconds=1))
    assert first_id(at)[:14] + "z" * 16 < first_id(at, past=True)


def test_any_time_has_a_first_id() -> None:
    assert first_id(datetime(1, 1, 1, tzinfo=UTC)) == "aud-" + "0" * 26
    assert first_id(datetime(9999, 12, 31, tzinfo=UTC)) > first_id(datetime(2026, 1, 1, tzinfo=UTC))
    assert len(first_id(datetime(9999, 12, 31, tzinfo=UTC))) == 30


def test_tenants_have_chains_of_their_own() -> None:
    [mine], [theirs] = chain(Head(), [entry(1)]), chain(Head(), [entry(1, tenant_id="ten-other")])
    assert mine.entry.tenant_id == TENANT
    assert mine.seal.hash != theirs.seal.hash
