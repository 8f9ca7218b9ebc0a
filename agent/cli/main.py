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
        token = None if options.command == "status" else _token(options)
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
            token=token or "",
            platform=options.platform or DEFAULT_PLATFORM,
            takeover=options.takeover,
        )
    from agent.cli import run  # noqa: PLC0415 - likewise

    return run.command(
        config,
        url=options.url,
        token=token,
        platform=options.platform,
        takeover=options.takeover,
    )


def _token(options: argparse.Namespace) -> str | None:
    """What was given, or what the file holds: others on a machine can read command lines. An agent that is
    enrolled needs no token, so for `run` the file may be missing or empty. Raises ValueError."""
    path: Path | None = options.token_file
    if path is None:
        given: str | None = options.token
        return given
    try:
        held = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        held = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--token-file: {path} cannot be read: {error}") from error
    if not held and options.command == "enroll":
        raise ValueError(f"--token-file: {path} holds no token.")
    return held or None


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
        token = each.add_mutually_exclusive_group(required=each is enroll)
        token.add_argument("--token", help="enrolment token, good for 30 minutes")
        token.add_argument("--token-file", type=Path, help="file that holds it, if there is one")
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
