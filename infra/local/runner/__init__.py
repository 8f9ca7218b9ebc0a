"""What EventBridge, DynamoDB Streams and SQS do on AWS: call the app's functions with their events.

`registrations.py` reads what the app itself registered; `schedules.py`, `streams.py` and `queues.py` run
it, a thread for each registration. A function that fails is called again with the same event, as on AWS;
where it stands is kept in the database, so that a restart neither skips nor loses a record.
"""
