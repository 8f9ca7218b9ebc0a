"""Templates: what a session can be made of.

Rules: a change makes a new version; running sessions keep what they were started from. What does not belong
here: whether an image may run (tenancy's policy, applied by sessions), where it runs (controllers).
"""
