"""Checking an export of the audit log without us: no network, no database, and of our code only the rules of
the chain, which need nothing but the standard library."""
