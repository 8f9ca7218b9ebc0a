"""Furnishes a new installation through the public API, then becomes the agent.

Templates are made once; who deletes them does not get them back. The agent enrols with a token like any
other: nothing about it is special but that it is here.
"""

import json
import os
import sys

from infra.local.client import ApiError, Client
from infra.local.settings import Settings, read
from infra.local.templates import templates


def main() -> int:  # noqa: RET503 - execv does not return
    """Returns only if it fails; the supervisor then tries again."""
    settings = read(os.environ)
    arguments = ["-m", "agent", "run", "--state", str(settings.agent_state)]
    try:
        furnish(settings)
        if not enrolled(settings):
            answer = Client(settings).call(
                "POST", "/v1/controllers/enrollment-tokens", {"name": "This machine"}
            )
            arguments += ["--url", settings.public_url, "--token", answer["token"], "--takeover"]
    except ApiError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


def enrolled(settings: Settings) -> bool:
    """Whether the agent is, at this public URL. Its signatures name the host that it enrolled with, so under
    another one it enrols anew, and takes its own controller over."""
    file = settings.agent_state / "enrolment.json"
    try:
        if json.loads(file.read_bytes())["url"] == settings.public_url:
            return True
        file.unlink()
    except FileNotFoundError:
        pass
    return False


def furnish(settings: Settings) -> None:
    """The three templates, unless that was done before. Raises ApiError."""
    done = settings.run / "furnished"
    if done.exists():
        return
    client = Client(settings)
    there = {template["name"] for template in client.all("/v1/templates")}
    for template in templates(os.environ.get("IMAGE_TAG", "dev")):
        if template["name"] not in there:
            client.call("POST", "/v1/templates", template)
    done.touch()


if __name__ == "__main__":
    sys.exit(main())
