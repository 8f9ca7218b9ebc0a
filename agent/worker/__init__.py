"""The worker: loops that carry commands to a driver and facts back (design §5). One loop per file.

poll → dispatch → execute (+ renew) → outbox → report, and beside them access (credentials), heartbeat,
reconcile, watch; supervisor restarts what crashes, app composes everything.

Rules: time, randomness, threads, the control plane, the queue and the driver are passed in (`runtime.py`,
`client/port.py`, `client/queue.py`, `drivers/base.py`); no state lives in modules; nothing is believed that
only the queue says; nothing is destroyed because a report was refused. What does not belong here: HTTP, SQS,
platforms, streams, command lines.
"""
