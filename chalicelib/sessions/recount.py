"""Do the books agree with reality? Adds up what sessions hold and compares it with what is booked."""

from collections import defaultdict
from dataclasses import dataclass

from chalicelib.quotas.service import TENANT, Amount, group_subject, user_subject
from chalicelib.sessions.ledger import Ledger


@dataclass(frozen=True)
class Drift:
    """`subject` is `tenant`, `user#<id>`, `group#<id>`, a controller's id, or that with `#awake`: how many
    sessions take up CPU and memory there."""

    subject: str
    booked: Amount
    held: Amount


def recount(ledger: Ledger, tenant_id: str) -> list[Drift]:
    """Where bookings and sessions differ. Run it while nothing changes, or run it twice."""
    held: dict[str, Amount] = defaultdict(Amount)
    for session in ledger.store.all_of(tenant_id):
        subjects = [TENANT, user_subject(session.user_id)]
        if session.group_id is not None:
            subjects.append(group_subject(session.group_id))
        for subject in subjects:
            held[subject] += session.booked
        if session.controller_id is not None:
            held[session.controller_id] += session.booked.on_a_controller
            held[_awake(session.controller_id)] += Amount(sessions=session.booked.memory_bytes > 0)
    booked = {quota.subject: quota.used for quota in ledger.quotas.recorded(tenant_id)}
    for candidate in ledger.controllers.candidates(tenant_id):
        booked[candidate.controller.id] = candidate.controller.booked
        booked[_awake(candidate.controller.id)] = Amount(sessions=candidate.controller.awake)
    return [
        Drift(subject, booked.get(subject, Amount()), held[subject])
        for subject in sorted({*booked, *held})
        if booked.get(subject, Amount()) != held[subject]
    ]


def _awake(controller_id: str) -> str:
    return f"{controller_id}#awake"
