"""What whoever runs a deployment does to its tenants, from a terminal.

Rules: it calls the same services as the API, on the deployment that the environment points at, and leaves an
entry in the tenant's audit log under the actor `operator`. What does not belong here: anything that a tenant
can do for itself.
"""
