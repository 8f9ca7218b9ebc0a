"""The profile of RFC 9421 that agents sign with; the code that signs and verifies is on either side."""

TAG = "streamspace-agent-v1"
ALGORITHM = "ed25519"
LABEL = "sig1"
COMPONENTS = ("@method", "@path", "@authority", "content-digest")
"""All are required; `@path` is the path the client asked for, `content-digest` is RFC 9530 sha-256."""
MAX_AGE_SECONDS = 300
"""Signatures with another `created` are refused, with the server's time in the problem's `server_time`."""
