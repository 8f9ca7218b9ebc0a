"""`python -m infra.audit verify FILE… [--after SEQ:HASH] [--head SEQ:HASH]`

Checks exported files of an audit log, in the order in which they are given. Ends with 0 when they are an
unbroken part of the chain, with 1 and the position of the first fault when they are not, and with 2 when a
file cannot be read.
"""

import argparse
import re
import sys
from pathlib import Path

from chalicelib.audit.rules import Head
from infra.audit.verify import FaultError, verify

_PLACE = re.compile(r"^(\d{1,16}):([0-9a-f]{64})$")


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        found = verify(options.files, after=options.after, head=options.head)
    except FaultError as fault:
        print(f"BROKEN  {fault}", file=sys.stderr)
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    last = found.head
    print(f"whole   {found.tenant_id}: entries {found.first} to {last.sequence}, unbroken and unchanged")
    print(f"head    {last.sequence}:{last.hash}")
    if options.head is None:
        print("No --head was given: that nothing was cut off at the end is not known.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.audit", description=__doc__.split("\n\n")[1])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("verify", help="check files of an export")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines, in order")
    place = "SEQ:HASH"
    command.add_argument("--after", type=_place, metavar=place, help="what precedes the first entry")
    command.add_argument("--head", type=_place, metavar=place, help="what the last entry must be")
    return parser


def _place(text: str) -> Head:
    match = _PLACE.match(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text} is not a number, a colon and a hash")
    return Head(int(match[1]), match[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
