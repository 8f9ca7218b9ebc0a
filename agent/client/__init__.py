"""How the agent speaks to the control plane: identity, signatures, the API client, enrolment, the queue.

Everything here is used through two small interfaces (`port.ControlPlane`, `queue.CommandQueue`), so that the
worker's loops do not know HTTP or SQS. What does not belong here: deciding what to do (agent/worker), and
anything that the control plane shares (chalicelib/protocol).
"""
