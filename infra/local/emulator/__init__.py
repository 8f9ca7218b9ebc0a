"""ministack as a child process that survives `kill -9`: DynamoDB, DynamoDB Streams, SQS and STS.

Runs in a virtual environment of its own (`.streamspace/ministack-venv`), so this package imports the
standard library and ministack only. `journal.py` is an append-only log with snapshots that knows nothing of
AWS; `recorder.py` says what of ministack's memory goes into it and comes back; `identity.py` makes every
caller prove who it is; `front.py` lets only the services that we use be reached.

What is kept: tables and their items, stream records until the runner has processed them, idempotency tokens
of transactions, queue definitions, temporary credentials. What is not: messages (the outbox sends them
again), deletions by TTL (they happen again) and tables named in EMULATOR_UNRECORDED_TABLES (nonces).
"""
