"""The wire between control plane and agents: pydantic models and constants, nothing else.

Both sides import this package; it imports nothing of either. A message may gain fields, and a reader
ignores fields that it does not know, so that versions can differ; a field is never renamed or reused.
What does not belong here: behaviour, storage, HTTP, signatures themselves.
"""

PROTOCOL_VERSION = 1
"""Sent at enrolment and with each heartbeat. The control plane refuses what is below its minimum."""
