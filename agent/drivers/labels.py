"""The labels by which drivers know their objects again, whatever the platform. Pure.

Names are for people; identity is in the labels alone, and so is all that a driver must know after a restart
without asking twice.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, InstanceState

CONTROLLER = "streamspace.controller"
TENANT = "streamspace.tenant"
SESSION = "streamspace.session"
INCARNATION = "streamspace.incarnation"
PROTOCOL = "streamspace.protocol"
PORT = "streamspace.port"
CPU_MILLIS = "streamspace.cpu-millis"
MEMORY_BYTES = "streamspace.memory-bytes"


def home_labels(controller_id: str, tenant_id: str, session_id: str) -> dict[str, str]:
    return {CONTROLLER: controller_id, TENANT: tenant_id, SESSION: session_id}


def instance_labels(controller_id: str, spec: InstanceSpec) -> dict[str, str]:
    """The port is the platform's to add: not each reaches every instance by one."""
    return home_labels(controller_id, spec.tenant_id, spec.session_id) | {
        INCARNATION: str(spec.incarnation),
        PROTOCOL: spec.protocol,
        CPU_MILLIS: str(spec.resources.cpu_millis),
        MEMORY_BYTES: str(spec.resources.memory_bytes),
    }


def number(found: Mapping[str, str], label: str) -> int:
    """0 if the label is not there, or damaged: an incarnation is then older than all."""
    text = found.get(label, "")
    return int(text) if text.isdecimal() else 0


def facts(
    found: Mapping[str, str], state: InstanceState, exit_code: int | None = None
) -> InstanceFacts | None:
    """What the labels say; None if they are not ours to read (someone else's, or damaged)."""
    try:
        return InstanceFacts(
            tenant_id=found[TENANT],
            session_id=found[SESSION],
            incarnation=int(found[INCARNATION]),
            state=state,
            exit_code=exit_code,
        )
    except (KeyError, ValueError, ValidationError):
        return None
