"""API keys, personal ones and those of service accounts: how programs show who they are.

Rules: a key may do what both its scopes and its owner's role allow, as both are at that moment, and never
what makes its holder more than a key (`PERSONAL`). Only a sign-in makes, rotates or revokes keys. Secrets are
random and kept as digests; a key is shown once. What does not belong here: sign-ins (identity), people
(people).
"""
