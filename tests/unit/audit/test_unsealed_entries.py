"""What a trail becomes: a row that stays below one write unit."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audit.rules import Outcome
from chalicelib.audit.unsealed import ROOM, dump, load, of_trail
from chalicelib.core.errors import Conflict
from chalicelib.core.trail import Trail

ANY = st.text(max_size=600)
TENANT = "ten-01jd000000000000000000000t"


def trail(**changes: object) -> Trail:
    held = {
        "action": "session.create",
        "tenant_id": TENANT,
        "actor": "usr-01jd000000000000000000000a",
        "via": "sign-in:sgn-01jd000000000000000000000s",
        "source_ip": "203.0.113.9",
        "request_id": "6f2c0c1e-0000-4000-8000-000000000000",
        "target_type": "session",
        "target_id": "ses-01jd000000000000000000000s",
        **changes,
    }
    return Trail(**held)  # type: ignore[arg-type]


@given(agent=ANY, name=ANY, facts=st.dictionaries(st.text(max_size=20), ANY, max_size=8))
def test_it_fits_whatever_it_says_and_comes_back(agent: str, name: str, facts: dict[str, str]) -> None:
    made = trail(user_agent=agent, target_name=name, facts=facts)
    entry = of_trail(made)
    text = dump(entry)
    assert len(text.encode()) <= ROOM
    assert load(TENANT, made.id, text) == entry
    assert (entry.actor, entry.via) == (made.actor, made.via)
    assert entry.target is not None
    assert entry.target.id == made.target_id


def test_nothing_is_cut_that_has_room() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0 Safari/537"
    entry = of_trail(trail(user_agent=agent, target_name="Desk", facts={"template": "Desktop", "none": ""}))
    assert (entry.user_agent, entry.facts) == (agent, {"template": "Desktop"})


def test_a_refusal_says_why() -> None:
    entry = of_trail(trail(), Conflict("No.", code="quota_exceeded"))
    assert (entry.outcome, entry.code) == (Outcome.REFUSED, "quota_exceeded")
    assert load(TENANT, entry.id, dump(entry)) == entry


def test_half_a_character_does_no_harm() -> None:
    assert of_trail(trail(user_agent="a\ud800b")).user_agent == "a?b"
