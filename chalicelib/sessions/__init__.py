"""Sessions: what users asked for, from the request to the last booking returned (design §4, §5).

Where to look:
* `rules.py` the transition table, the one place that knows which state follows which; `entities.py` what a
  session is; `changes.py` a change in the making; `placement.py`, `comparing.py` and `attending.py` decide
  where a session runs, what an inventory means and what a sweeper has to do. All pure.
* `ledger.py` the one place that commits: row, timeline entry and bookings in one unit of work, then sends.
* `lifecycle.py`, `reports.py`, `inventory.py`, `sweeper.py`, `activity.py`, `queries.py` the use cases, which
  `service.py` puts together.

What does not belong here: who may hold a command (commands), how a stream is opened (streams).
"""
