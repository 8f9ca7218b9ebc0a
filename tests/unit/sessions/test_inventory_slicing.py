"""Long inventories, slice by slice."""

import json

from chalicelib.protocol.instances import InstanceFacts, InstanceState
from chalicelib.sessions import slicing
from chalicelib.sessions.comparing import Observation
from chalicelib.sessions.slicing import Span, parts, still_suspected
from tests.unit.sessions.builders import CONTROLLER, TENANT, at

IDS = [f"ses-01kb00000000000000000z{number:04d}" for number in range(10)]


def facts(session_id: str, incarnation: int = 1) -> InstanceFacts:
    return InstanceFacts(
        tenant_id=TENANT, session_id=session_id, incarnation=incarnation, state=InstanceState.RUNNING
    )


def test_a_span_is_open_below_and_closed_above() -> None:
    middle = Span(IDS[3], IDS[6])
    assert [each for each in IDS if each in middle] == IDS[4:7]
    assert all(each in Span() for each in IDS)
    assert [each for each in IDS if each in Span(after=IDS[8])] == IDS[9:]
    assert [each for each in IDS if each in Span(until=IDS[0])] == IDS[:1]


def test_parts_have_every_session_once_and_in_order() -> None:
    instances = (facts(IDS[4]), facts(IDS[0]), facts(IDS[4], 2), facts(IDS[9]))
    seen = Observation(CONTROLLER, at(0), instances, homes=(IDS[5], IDS[0], IDS[8]))
    found = list(parts(seen, [IDS[1], IDS[4], IDS[9]], Span(until=IDS[8]), 2))
    assert [part.ids for part in found] == [(IDS[0], IDS[1]), (IDS[4], IDS[5]), (IDS[8],)]
    assert [each.incarnation for each in found[1].seen.instances] == [1, 2]
    assert [part.seen.homes for part in found] == [(IDS[0],), (IDS[5],), (IDS[8],)]
    assert found[0].named == {IDS[0]}
    assert list(parts(seen, [], Span(after=IDS[9]), 2)) == []


def test_what_was_not_compared_stays_suspected() -> None:
    known = {f"{each}/1": at(0) for each in IDS}
    found = {f"{IDS[2]}/1": at(0), f"{IDS[3]}/7": at(60)}
    kept = still_suspected(known, found, Span(IDS[1], IDS[7]))
    assert kept == {
        **{f"{each}/1": at(0) for each in (*IDS[:2], *IDS[8:])},
        **found,
    }


def test_no_crowd_keeps_a_suspect_from_being_confirmed() -> None:
    """A row holds a bounded number; the first suspected stay until they are gone."""
    crowd = {f"ses-01kb00000000000000000a{number:04d}/1": at(300) for number in range(slicing.SUSPECTS)}
    first = {f"{IDS[0]}/1": at(0)}
    kept = still_suspected(first, {**crowd, **first}, Span())
    assert len(kept) == slicing.SUSPECTS
    assert kept.items() >= first.items()
    again = still_suspected(kept, {**{name: at(600) for name in crowd}, **kept}, Span())
    assert again == kept
    assert len(json.dumps(dict.fromkeys(kept, 1_795_000_000_000))) < 300_000  # a row may have 400 KB
