"""Tenants: the customer organisations that everything else belongs to.

Rules: a tenant is found by its id (in every key) or, before that is known, by its slug. What does not
belong here: people (identity), what they may use (quotas).
"""
