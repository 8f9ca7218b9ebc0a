"""Enrolment tokens in the public API."""

from typing import Annotated

from pydantic import Field

from chalicelib.controllers import installing
from chalicelib.controllers.enrollment import IssuedToken
from chalicelib.controllers.installing import Installation
from chalicelib.controllers.schemas import ControllerId
from chalicelib.core.schemas import Labels, Name, RequestBody, ResponseBody, Time
from chalicelib.people.schemas import GroupIds

MOST_AGENTS = 10


class CreateEnrollmentToken(RequestBody):
    """`name`, `labels` and `group_ids` are for the controller that the token creates; `controller_id` makes
    it add agents to that controller instead. As many `agents` may enrol with it, all on one backend."""

    name: Name | None = None
    labels: Labels | None = None
    group_ids: GroupIds = Field(default_factory=list, description="Whose sessions it is for; all when empty.")
    controller_id: ControllerId | None = None
    agents: Annotated[int, Field(ge=1, le=MOST_AGENTS)] = 1


class CommandsView(ResponseBody):
    """What to run, by platform."""

    docker: str
    kubernetes: str


class EnrollmentTokenView(ResponseBody):
    """Shown once. `commands` install and enrol its agents, each on its platform; `command` is the one for a
    machine with Docker. `manifests_command` does without the package manager that `commands.kubernetes`
    takes. `GET /v1/agents` says by `id` which agents have come."""

    id: str
    token: str
    agents: int
    expires_at: Time
    command: str
    commands: CommandsView
    manifests_command: str

    @classmethod
    def of(cls, issued: IssuedToken, public_url: str) -> "EnrollmentTokenView":
        """`public_url` is where agents reach us. Not where the caller did: that may be a name of ours that
        other machines do not know, such as localhost."""
        secret, token = issued.secret, issued.token
        asked = Installation(
            public_url, secret, token.agents + issued.beside, adds=token.controller_id is not None
        )
        on_docker = installing.on_docker(asked)
        return cls(
            id=token.id,
            token=secret,
            agents=token.agents,
            expires_at=token.expires_at,
            command=on_docker,
            commands=CommandsView(docker=on_docker, kubernetes=installing.by_chart(asked)),
            manifests_command=installing.by_manifests(asked),
        )
