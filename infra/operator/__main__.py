"""`python -m infra.operator [--local] tenants list|show|create|plan|suspend|resume|delete …`

Works on the deployment that the environment points at (AWS credentials and STREAMSPACE_… as the functions
have them), or with --local on the stack of `make up`.
"""

import argparse
import os
import sys
from collections.abc import Callable

from infra.local import settings


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.local:
        os.environ.update(settings.read(os.environ).app_environment())
    # Imported here: the app reads its configuration from the environment, once.
    from chalicelib.core.errors import DomainError, Unavailable  # noqa: PLC0415
    from chalicelib.core.outage import is_outage  # noqa: PLC0415
    from infra.operator import tenants  # noqa: PLC0415

    run: Callable[[argparse.Namespace], None] = getattr(tenants, options.command)
    try:
        run(options)
    except Unavailable as error:
        return _failed(error.detail)
    except DomainError as error:
        return _failed(error.detail)
    except Exception as error:
        if is_outage(error):
            return _failed("The deployment's store does not answer. Is AWS, or the local stack, there?")
        raise
    return 0


def _failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.operator", description=__doc__)
    parser.add_argument("--local", action="store_true", help="work on this machine's stack (`make up`)")
    groups = parser.add_subparsers(required=True, metavar="tenants")
    commands = groups.add_parser("tenants", help="the organisations of this deployment").add_subparsers(
        dest="command", required=True, metavar="COMMAND"
    )

    def command(name: str, text: str, *, of: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        if of:
            made.add_argument("slug", help="its short name")
        return made

    command("list", "all of them", of=False)
    command("show", "one, with what it has and what its plan allows")
    create = command("create", "make one, with an owner whose password is printed once")
    create.add_argument("name", help="what people call it")
    create.add_argument("--owner", required=True, metavar="EMAIL", help="who may do everything in it")
    create.add_argument("--plan", default="team", help="free, team or enterprise (default: team)")
    create.add_argument(
        "--image", action="append", metavar="PATTERN", help="an image that may run (default: streamspace/*)"
    )
    plan = command("plan", "put it on another plan; what it has stays")
    plan.add_argument("plan", help="free, team or enterprise")
    suspend = command("suspend", "refuse its people and keys from now on; running sessions go on")
    suspend.add_argument("--reason", required=True, help="for the audit log and for who asks")
    suspend.add_argument("--end-sessions", action="store_true", help="end them too; homes are kept")
    command("resume", "let its people and keys in again")
    delete = command("delete", "delete it and all of its data; there is no way back")
    delete.add_argument("--confirm", required=True, metavar="SLUG", help="the short name once more")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
