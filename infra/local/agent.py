"""Enrols the agent of this machine, with a token like any other's, and becomes it."""

import json
import os
import sys

from infra.local.client import ApiError, Client
from infra.local.settings import Settings, read


def main() -> int:  # noqa: RET503 - execv does not return
    """Returns only if it fails; the supervisor then tries again."""
    settings = read(os.environ)
    arguments = ["-m", "agent", "run", "--state", str(settings.agent_state)]
    try:
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


if __name__ == "__main__":
    sys.exit(main())
