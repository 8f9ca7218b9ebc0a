"""Quotas: how much a tenant, each of its users and each of its groups may hold at once.

Rules: what is booked is booked in the transaction that needs it and returned in the one that ends it, so
that no number of callers at once exceeds a limit. A session counts towards the tenant, its owner and the
group that its owner is charged to. Storage is what homes are declared to need: an account, not a limit that a
disk knows.

Where to look: `rules.py` amounts, limits and the sentence of a refusal; `counters.py` where counters are kept
and how they move.

What does not belong here: the capacity of a controller (controllers), who is in which group (people).
"""
