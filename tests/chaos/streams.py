"""Whether a session can be seen, whichever agent's gateway a viewer comes to."""

from typing import cast

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.chaos.clients import Caller
from tests.support.stack import wait_until
from tests.support.viewer import Viewer

_VIEWERS = 4


def dark(caller: Caller, session_id: str) -> list[str]:
    """What several viewers, one after the other, could not see, and why."""
    return [why for _ in range(_VIEWERS) if (why := _look(caller, session_id))]


def _look(caller: Caller, session_id: str) -> str:
    answer = caller.call("POST", f"/v1/sessions/{session_id}/connect", {})
    if answer is None or not answer.is_success:
        return f"no stream of {session_id}: {answer and answer.text}"
    access = answer.json()
    protocols = [cast("Subprotocol", each) for each in ("binary", f"ticket.{access['ticket']}")]
    try:
        with connect(access["url"], subprotocols=protocols, proxy=None) as websocket:
            viewer = Viewer(websocket)
            wait_until(lambda: viewer.colours() > 2, 20)
    except (OSError, AssertionError, TimeoutError, WebSocketException) as error:
        return f"a stream of {session_id} shows nothing: {error!r}"
    return ""
