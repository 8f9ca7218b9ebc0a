"""The relay: the public port where browsers meet gateways that cannot be reached from outside.

A connection's requests are routed by their path, one by one, so that a connection kept alive (by a browser
or by a proxy in front) may carry all three kinds:

    /relay/v1/connect        a gateway parks an idle connection here (`parking.py`), showing its grant
    /stream/{controller}/…   a browser with a ticket is spliced onto a parked connection (`streams.py`)
    everything else          goes to the upstream, if there is one (`upstream.py`): UI, API, events

A stream is not parsed after its first head. Towards the upstream, requests are framed (`framing.py`) but not
changed, except that `X-Forwarded-For` names the client, which a raw splice could not say; answers pass
untouched. The relay decides nothing about tickets but signature, expiry and controller; it keeps no state
but the public keys. TLS is ended in front of it (load balancer, Caddy, nginx).
"""

from agent.stream.relay.config import RelayConfig
from agent.stream.relay.service import Relay

__all__ = ["Relay", "RelayConfig"]
