"""The audit log: who did what to what, from where, with what result.

An entry is written with the change itself (`core/trail.py` and the unit of work see to that), unsealed. The
sealer then moves entries, in the order in which they came, into the tenant's chain: each gets the next number
and the hash of the one before, so that nothing can be altered, left out or put in unnoticed (`rules.py`).
Sealed entries are found by actor, action, target, outcome and time, and exported as JSON lines, which
`python -m infra.audit verify` checks without us. Sealed entries are kept as long as the tenant.

What does not belong here: deciding what is audited. That is each route's own (`audit="session.create"`).
"""
