"""Who belongs to a tenant: members and service accounts, invitations by link, groups, and what roles mean.

Rules: the last active owner stays, and only owners make owners; nobody changes their own role. What somebody
belongs to stands on their own row (`Person.groups`), and there alone, so that no second list can disagree.
Something for certain groups is for nobody else, also when those groups are gone. What does not belong here:
how people prove who they are (identity), keys (api_keys), what a group may hold (quotas).
"""
