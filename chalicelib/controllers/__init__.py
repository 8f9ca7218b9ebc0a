"""Controllers: registered backends, the agents that serve them, and the queues that reach them.

Rules: a controller's state is derived from its last contact, never stored. Capacity is booked by one
conditional add on the controller's row, in the transaction of the session that needs it. Agents are known by
their keys alone; verification fails closed. What does not belong here: which controller a session gets
(sessions), what is sent to it (commands).
"""
