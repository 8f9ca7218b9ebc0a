"""Streams: tickets that open one session's stream or its log, and grants by which gateways hold connections
at relays.

Rules: pixels never pass here. A ticket names one session, one user and one gateway, lives a minute and is
consumed by that gateway. What does not belong here: events (events), the bytes themselves (agent/stream).
"""
