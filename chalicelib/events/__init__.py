"""Events: what changed, numbered per tenant, to catch up with and to be pushed to browsers.

Rules: events are made from table streams, after commit, so that nothing is announced that was not stored. A
stream's record makes one event, however often it is delivered. A tenant's numbers have no gaps and appear in
order. Who may not read a thing gets no event of it. What does not belong here: how a session or a controller
looks (their capabilities hand over views).
"""
