"""What a call to the control plane can end with. Whether trying again helps is in the type.

ApiError
├── Temporary              the same call may succeed later
│   ├── Unreachable        no connection, no answer, or a gateway answered for it (502, 503, 504)
│   │   └── Dropped        the connection ended before an answer came
│   ├── ServerFault        500, or an answer that breaks the contract
│   ├── NotBelieved        401 signature_*; says nothing about what was asked
│   ├── Throttled          429; retry_after
│   └── SessionBusy        423; an earlier command of that session is unfinished, or the controller is
│                          paused (`controller_paused`); retry_after
├── Permanent              the same call never will
│   ├── NotFound           404
│   ├── CommandTaken       409 command_taken
│   ├── StaleFence         409 stale_fence
│   ├── Superseded         410 command_superseded
│   ├── Finished           410, otherwise
│   └── Refused            any other 4xx; the code says why
└── Fatal                  this agent must stop
    ├── EpochSuperseded    409 epoch_superseded: a later boot of the same identity has taken over
    ├── Revoked            agent_revoked, or its key is not known any more
    ├── TooOld             protocol_unsupported: the control plane does not speak with this agent any more
    └── ControlPlaneTooOld the control plane speaks no version that this agent can work with
"""


class ApiError(Exception):
    """`code` is the problem's; `detail` is a sentence for people."""

    def __init__(
        self, detail: str, *, code: str = "", status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.status = status
        self.retry_after = retry_after


class Temporary(ApiError):
    pass


class Unreachable(Temporary):
    pass


class Dropped(Unreachable):
    pass


class ServerFault(Temporary):
    pass


class NotBelieved(Temporary):
    pass


class Throttled(Temporary):
    pass


class SessionBusy(Temporary):
    pass


class Permanent(ApiError):
    pass


class NotFound(Permanent):
    pass


class CommandTaken(Permanent):
    pass


class StaleFence(Permanent):
    pass


class Superseded(Permanent):
    pass


class Finished(Permanent):
    pass


class Refused(Permanent):
    pass


class Fatal(ApiError):
    pass


class EpochSuperseded(Fatal):
    pass


class Revoked(Fatal):
    pass


class TooOld(Fatal):
    pass


class ControlPlaneTooOld(Fatal):
    pass
