"""What every capability stands on: configuration, errors, ids, time, paging, units of work, the API shell.

Rules: core knows no capability and holds no domain rule. Only `api.py` speaks Chalice, only `dynamo.py`
PynamoDB. What does not belong here: anything that a single capability could own.
"""
