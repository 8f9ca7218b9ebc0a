"""Leaving: a tenant's data as a file, and its deletion.

Both are jobs: a row that says how far they are. A change of that row (its table's stream) starts the next
slice of work, a schedule goes on with what stopped; slices may be repeated. What belongs to a capability is
told and removed by that capability (`export`, `erase`); here is only the order of things.

Rules: a tenant is refused from the moment its deletion is asked for; its agents last until its instances are
gone, or the grace is over; its own row goes last, together with the job's. What does not belong here:
suspension (tenancy), the end of one session (sessions).
"""
