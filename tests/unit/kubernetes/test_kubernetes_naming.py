"""The invariants of names and labels, over ids by the hundred."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.kubernetes import naming
from chalicelib.protocol.instances import InstanceSpec, InstanceState, Resources

DNS_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
LABEL_KEY = re.compile(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
ulids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=26, max_size=26)
sessions = ulids.map(lambda ulid: f"ses-{ulid}")
incarnations = st.integers(1, 10**9 - 1)


def ids(kind: str) -> st.SearchStrategy[str]:
    return ulids.map(lambda ulid: f"{kind}-{ulid}")


@st.composite
def specs(draw: st.DrawFn) -> InstanceSpec:
    http = draw(st.booleans())
    return InstanceSpec(
        tenant_id=draw(ids("ten")),
        session_id=draw(sessions),
        incarnation=draw(incarnations),
        image="i",
        protocol="http" if http else "vnc",
        port=draw(st.integers(1, 65535)) if http else None,
        resources=Resources(cpu_millis=draw(st.integers(1, 10**6)), memory_bytes=draw(st.integers(1, 2**44))),
    )


@given(sessions, incarnations)
def test_the_api_accepts_every_name(session: str, incarnation: int) -> None:
    for name in (naming.object_name(session, incarnation), naming.home_name(session)):
        assert DNS_LABEL.match(name)
        assert len(name) <= naming.MAX_NAME, "a revision's label is the name and 11 characters"
    assert len(naming.pod_name(session, incarnation)) <= 63, "it is the pod's host name"


@given(st.lists(st.tuples(sessions, incarnations), unique=True, max_size=50))
def test_names_do_not_collide(instances: list[tuple[str, int]]) -> None:
    assert len({naming.object_name(*each) for each in instances}) == len(instances)
    homes = {naming.home_name(session) for session, _ in instances}
    assert not homes & {naming.object_name(*each) for each in instances}


@given(ids("ctl"), specs())
def test_labels_are_valid_and_say_who_it_is(controller: str, spec: InstanceSpec) -> None:
    labels = naming.instance_labels(controller, spec)
    assert all(LABEL_KEY.match(key) for key in labels)
    assert all(LABEL_VALUE.match(value) for value in labels.values())
    found = naming.facts({"metadata": {"labels": labels}}, InstanceState.RUNNING)
    assert found is not None
    assert (found.tenant_id, found.session_id, found.incarnation) == (
        spec.tenant_id,
        spec.session_id,
        spec.incarnation,
    )
    assert naming.selecting(labels).items() <= labels.items()
    homes = naming.home_labels(controller, spec.tenant_id, spec.session_id)
    assert homes.items() <= labels.items()


def test_an_http_template_without_a_port_is_refused() -> None:
    with pytest.raises(ValueError, match="port"):
        naming.port(
            InstanceSpec(
                tenant_id=f"ten-{'0' * 26}",
                session_id=f"ses-{'0' * 26}",
                incarnation=1,
                image="i",
                protocol="http",
                resources=Resources(cpu_millis=1, memory_bytes=1),
            )
        )
