"""The embedded default: the whole product on one machine, by one command (design §9).

`cli.py` is what `make` calls, `supervisor.py` keeps the processes alive, `settings.py` is the only place
that knows ports, paths and environment. Each process has a module of its own: `emulator/` (DynamoDB, SQS
and STS with a journal), `server/` (the app over HTTP), `runner/` (schedules, streams and queues). They call
the very functions that Lambda calls, with the same events; nothing here decides anything about the product.
"""
