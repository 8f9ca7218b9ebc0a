"""The control plane's door: what routes do between a call and its service, less HTTP.

Calls of agents come as bytes and go as bytes; refusals are the product's own problem documents. Anything that
is neither an answer, a refusal nor an outage of the store is a fault of the product and reported as one.
"""

import contextvars
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.controllers.rules import Controller
from chalicelib.core import problem
from chalicelib.core.caller import Incoming
from chalicelib.core.errors import DomainError, Unavailable
from chalicelib.protocol import agents, commands, keys
from chalicelib.protocol.agents import RelayAccess
from tests.simulation.chronicle import REPORTED
from tests.simulation.loop import Process, VirtualLoop
from tests.simulation.plane import Plane
from tests.simulation.sources import moment
from tests.simulation.weaving import Weaver

AUTHORITY = "control.simulated"
_OUTAGE = (BotoCoreError, ClientError, PynamoDBException)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """`fault` is called with what must not happen."""

    loop: VirtualLoop
    weaver: Weaver
    plane: Plane
    fault: Callable[[str], None]
    _numbers: Any = field(default_factory=itertools.count)
    _open: dict[str, Any] = field(default_factory=dict)

    def agent_call(self, path: str, headers: dict[str, str], body: bytes) -> Any:
        """A future of the `Reply`."""
        incoming = Incoming("POST", path, AUTHORITY, "https", headers, {}, body, "192.0.2.1", "request")
        return self._start(path, lambda: self._answer(incoming))

    def direct(self, name: str, call: Callable[[], Any]) -> Any:
        """A call of a person or a schedule: a future of (result, refusal). A request that dies is refused
        too."""

        def attempt() -> tuple[Any, DomainError | None]:
            try:
                return call(), None
            except DomainError as error:
                return None, error
            except _OUTAGE:
                return None, Unavailable("The store does not answer.")
            except Exception as error:
                self.fault(f"{name} raised {type(error).__name__}: {error}")
                return None, Unavailable("An internal error.")

        return self._start(name, attempt)

    def crashed(self, text: str) -> None:
        """A request died; whoever called hears so from the gateway in front of it."""
        name = text.split(" ", 1)[0]
        future = self._open.pop(name, None)
        if future is not None:
            self.loop.call_later(0.05, self._told, future, context=_nobody())

    @staticmethod
    def _told(future: Any) -> None:
        if not future.done():
            future.set_result(DIED)

    def _start(self, what: str, call: Callable[[], Any]) -> Any:
        process = Process(f"request-{next(self._numbers)}:{what}".replace(" ", "-"))
        future = self.weaver.start(process, call)
        self._open[process.name] = future
        future.add_done_callback(lambda _: self._open.pop(process.name, None), context=_nobody())
        return future

    def _answer(self, incoming: Incoming) -> Reply:
        try:
            answer = self._serve(incoming)
        except DomainError as error:
            return Reply(error.status, problem.headers(error), problem.dump(error).encode())
        except _OUTAGE:
            outage = Unavailable("The store does not answer.", retry_after=1)
            return Reply(outage.status, problem.headers(outage), problem.dump(outage).encode())
        except Exception as error:
            self.fault(f"{incoming.path} raised {type(error).__name__}: {error}")
            return Reply(500, {}, b"{}")
        return Reply(200, {}, answer.model_dump_json().encode())

    def _serve(self, incoming: Incoming) -> Any:
        plane = self.plane
        caller = plane.agents.authenticate(incoming)
        reports, body = plane.sessions.reports, incoming.body
        match incoming.path.removeprefix("/agent/v1/").split("/"):
            case ["credentials"]:
                return plane.agents.credentials(
                    caller,
                    agents.CredentialsRequest.model_validate_json(body),
                    origin=f"https://{AUTHORITY}",
                    relay=self._relay,
                )
            case ["heartbeat"]:
                heartbeat = agents.Heartbeat.model_validate_json(body)
                answer = plane.agents.heartbeat(caller, heartbeat)
                plane.sessions.activity.heard(caller, heartbeat)
                return answer
            case ["inventory"]:
                report = agents.InventoryReport.model_validate_json(body)
                return plane.sessions.inventories.compare(caller, report)
            case ["commands", command_id, "claim"]:
                return reports.claim(caller, command_id, commands.ClaimRequest.model_validate_json(body))
            case ["commands", command_id, "renew"]:
                return reports.renew(caller, command_id, commands.RenewRequest.model_validate_json(body))
            case ["commands", command_id, "result"]:
                result = commands.ResultReport.model_validate_json(body)
                REPORTED.set(result.fence)
                reports.result(caller, command_id, result)
                return commands.Accepted()
            case ["sessions", session_id, "status"]:
                status = commands.StatusReport.model_validate_json(body)
                REPORTED.set(status.fence)
                reports.status(caller, session_id, status)
                return commands.Accepted()
            case ["keys"]:
                return plane.keys.rotate(caller, keys.KeyRotation.model_validate_json(body))
            case ["dead-letters"]:
                plane.letters.report(caller, commands.DeadLetterReport.model_validate_json(body))
                return commands.Accepted()
            case _:
                raise AssertionError(f"no such route: {incoming.path}")

    def _relay(self, _controller: Controller, _origin: str) -> RelayAccess:
        ends = moment(self.loop.time() + self.plane.config.timings.relay_grant)
        return RelayAccess(urls=(), grant="", expires_at=ends)


DIED = Reply(502, {}, b'{"message":"Internal server error"}')


def _nobody() -> contextvars.Context:
    """A context that belongs to no process."""
    return contextvars.Context()
