"""The stream plane: how pixels get from an instance to a browser (design §6).

`gateway/` stands in front of this controller's instances and lets nobody through without a ticket;
`relay/` is the public meeting point of browsers and gateways that cannot be reached from outside; `dial.py`
keeps this gateway's idle connections parked there. Shared by them: `pump.py` (the one splice), `tickets.py`
and `keys.py` (who may come in), `heads.py` (the few HTTP heads that are read by hand), `address.py`.

Rules: no control-plane calls except for the public keys, which are kept on disk, so that a live stream and
a resumed one survive its loss. Nothing here knows platforms: instances are `drivers.base.Endpoint`s.
The relay imports nothing of the gateway, nor the other way round; HTTP apps will be a second bridge beside
`gateway/bridge.py`.
"""
