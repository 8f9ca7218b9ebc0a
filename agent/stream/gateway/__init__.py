"""The gateway: nobody reaches an instance of this controller but through here.

A browser's WebSocket is let in by a ticket, once, or by a resume token (`admission.py`, `ledger.py`); the
gateway then opens the instance itself (`instances.py`, `rfb.py`), offers the browser plain RFB without a
password, and passes the instance's bytes on untouched (`bridge.py`). What the browser sends is read message
by message, because permissions are enforced here and nowhere else (`messages.py`). What an instance printed
is read here too (`logs.py`), by tickets of its own.

It runs on any event loop; on uvloop it is about twice as fast. Close codes are in `endings.py`.
"""

from agent.stream.gateway.service import Gateway

__all__ = ["Gateway"]
