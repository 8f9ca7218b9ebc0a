"""Do the books agree with reality? Adds up what sessions hold and compares it with what is booked."""

from collections import defaultdict
from dataclasses import astuple, dataclass

from chalicelib.quotas.service import TENANT, Amount, user_subject
from chalicelib.sessions.ledger import Ledger


@dataclass(frozen=True)
class Drift:
    """`subject` is `tenant`, `user#<id>` or a controller's id."""

    subject: str
    booked: Amount
    held: Amount


def recount(ledger: Ledger, tenant_id: str) -> list[Drift]:
    """Where bookings and sessions differ. Run it while nothing changes, or run it twice."""
    held: dict[str, Amount] = defaultdict(Amount)
    for session in ledger.store.all_of(tenant_id):
        subjects = [TENANT, user_subject(session.user_id)]
        if session.controller_id is not None:
            subjects.append(session.controller_id)
        for subject in subjects:
            held[subject] = _sum(held[subject], session.booked)
    booked = {quota.subject: quota.used for quota in ledger.quotas.visible(tenant_id, "", everyone=True)}
    for candidate in ledger.controllers.candidates(tenant_id):
        booked[candidate.controller.id] = candidate.controller.booked
    return [
        Drift(subject, booked.get(subject, Amount()), held[subject])
        for subject in sorted({*booked, *held})
        if booked.get(subject, Amount()) != held[subject]
    ]


def _sum(one: Amount, other: Amount) -> Amount:
    return Amount(*(a + b for a, b in zip(astuple(one), astuple(other), strict=True)))
