"""The wire between control plane and agents: pydantic models and constants, nothing else.

Both sides import this package; it imports nothing of either. A message may gain fields, and a reader
ignores fields that it does not know, so that versions can differ; a field is never renamed or reused.
What does not belong here: behaviour, storage, HTTP, signatures themselves.
"""

PROTOCOL_VERSION = 1
"""The newest that this side speaks; requests carry the agent's, answers the one that both will speak.

The control plane refuses an agent whose newest is below its minimum (409 `protocol_unsupported`, with
`min_protocol_version`); an agent stops when the answer is below the lowest that it can work with.
"""


def spoken(newest: int) -> int:
    """The version that both sides speak: the lower of their newest ones. `newest` is the other side's."""
    return min(newest, PROTOCOL_VERSION)
