"""What StreamSpace runs on: session images, charts, deployment templates and the one-command local stack.

Nothing in `chalicelib` or `agent` imports this package; it imports them only by their public entry points.
"""
