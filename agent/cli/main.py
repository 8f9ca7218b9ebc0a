"""Entry point of `streamspace-agent` and `python -m agent`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agent import __version__
from agent.cli import exits, logs
from agent.config import DEFAULT_PLATFORM, AgentConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, configure, run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        config = AgentConfig.read(options.state, os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return exits.USAGE
    if options.command == "status":
        from agent.cli import status  # noqa: PLC0415 - starts fast: no driver, no SQS

        return status.command(config.state, as_json=options.json)
    logs.set_up(options.log_format, verbose=options.verbose)
    if options.command == "enroll":
        from agent.cli import enroll  # noqa: PLC0415 - likewise

        return enroll.command(
            config.state,
            url=options.url,
            token=options.token,
            platform=options.platform or DEFAULT_PLATFORM,
            takeover=options.takeover,
        )
    from agent.cli import run  # noqa: PLC0415 - likewise

    return run.command(
        config,
        url=options.url,
        token=options.token,
        platform=options.platform,
        takeover=options.takeover,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="streamspace-agent", description="Serves a StreamSpace controller on this machine."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    enroll = commands.add_parser("enroll", help="make this agent known, with a token of the Controllers page")
    run = commands.add_parser("run", help="serve until stopped; with --url and --token enrol first if needed")
    status = commands.add_parser("status", help="say who this agent is and how it is")
    for each in (enroll, run, status):
        each.add_argument("--state", type=Path, help="folder with the agent's key and reports")
    for each in (enroll, run):
        each.add_argument("--url", required=each is enroll, help="the control plane, https://…")
        each.add_argument("--token", required=each is enroll, help="enrolment token, good for 30 minutes")
        each.add_argument("--platform", help=f"what to drive (default: {DEFAULT_PLATFORM})")
        each.add_argument(
            "--takeover", action="store_true", help="replace another agent's enrolment of this backend"
        )
        each.add_argument(
            "--log-format", choices=logs.FORMATS, default=os.environ.get("STREAMSPACE_LOG_FORMAT", "plain")
        )
        each.add_argument("--verbose", action="store_true", help="log details")
    status.add_argument("--json", action="store_true", help="for programs")
    return parser
