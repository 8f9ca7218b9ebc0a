"""Commands: how an instruction reaches the one agent that acts on it (design §5).

A session has one *lane*, kept on its row: the command that carries the newest intent, who works on it under
which fence and lease, and which commands were finished last. So the outbox is atomic with the session by
construction, one session's commands cannot overlap, and a claim is one conditional write. Queues carry
references only; losing, repeating or reordering them changes nothing.

Rules: `rules.py` decides and is pure; whoever stores a lane writes it under a condition on what it read.
What does not belong here: what a command means for a session (sessions), queues themselves (controllers).
"""
