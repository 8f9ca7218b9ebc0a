"""Who someone is: users, roles, sign-in, and one's own account.

Rules: passwords are Argon2id. A proof of identity (a password, a mailed link) ends in
`IdentityService.open_sign_in`, and nowhere else does a sign-in begin. Its row is the truth: tokens say whose
it is, and each request reads it again with the user and the tenant (`admission.py`), so that whatever takes
access away holds at once. Refresh tokens rotate, and a reused one ends its sign-in. Attempts are counted
before they are made. Strangers learn nothing: unknown accounts cost, and read, what known ones do.

What does not belong here: what a permission guards (each capability's routes say that), changing other people
(people), API keys (api_keys), agents (controllers).
"""
