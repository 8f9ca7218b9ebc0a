"""Quotas: how much a tenant and each of its users may hold at once.

Rules: what is booked is booked in the transaction that needs it and returned in the one that ends it. A row
keeps what is *left*, so that booking is one conditional add and never a read-modify-write. What does not
belong here: the capacity of a controller (controllers).
"""
