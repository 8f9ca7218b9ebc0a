"""Sessions as containers of one Docker daemon on the agent's own host.

The daemon must share a filesystem with the agent, since RFB is a unix socket in a bind-mounted directory;
remote daemons and Docker Desktop are refused by reason, not half served. Every container, volume and
network carries the controller's label, and what does not is never touched. What the platform cannot keep
(passwords, "was asked to stop") is in small files under the agent's state directory: `files.py`.

`naming` and `spec` are pure; `engine` is the only module that speaks to the daemon, `errors` the only one
that reads its error texts; `driver` puts the rest in order.
"""
