"""Who someone is: users, roles, sign-in, access and refresh tokens.

Rules: passwords are Argon2id; access tokens are short and carry the role; refresh tokens rotate and a reused
one ends its family. What does not belong here: what a permission guards (each capability's routes say that),
agents (controllers).
"""
