"""What all drivers read back from labels."""

import pytest

from agent.drivers import labels
from chalicelib.protocol.instances import InstanceState

LABELS = {
    "streamspace.tenant": "ten-01m81z574688wpe9q9g81h0rmh",
    "streamspace.session": "ses-01m81z574688wpe9q9g81h0rmj",
    "streamspace.incarnation": "4",
}


def test_labels_are_read_back() -> None:
    facts = labels.facts(LABELS, InstanceState.STOPPED, 137)
    assert facts is not None
    assert (facts.incarnation, facts.state, facts.exit_code) == (4, InstanceState.STOPPED, 137)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("value", [None, "", "nonsense"])
def test_damaged_labels_say_nothing(label: str, value: str | None) -> None:
    damaged = {key: text for key, text in LABELS.items() if key != label}
    if value is not None:
        damaged[label] = value
    assert labels.facts(damaged, InstanceState.RUNNING) is None
    assert labels.number(damaged, "streamspace.incarnation") == (
        4 if label != "streamspace.incarnation" else 0
    ), "older than all"
