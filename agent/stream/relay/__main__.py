"""`python -m agent.stream.relay --listen HOST:PORT --jwks URL [--upstream HOST:PORT] --state DIR`"""

import argparse
import asyncio
import contextlib
import logging
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

import uvloop

from agent.stream.address import Address
from agent.stream.relay import Relay, RelayConfig

log = logging.getLogger("agent.stream.relay")


def main() -> int:
    config = _config()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config = replace(config, connections=min(config.connections, _connections_possible()))
    return uvloop.run(_serve(config))


def _config() -> RelayConfig:
    parser = argparse.ArgumentParser(prog="python -m agent.stream.relay", description=__doc__)
    parser.add_argument("--listen", required=True, type=Address.parse, help="public address, host:port")
    parser.add_argument("--jwks", required=True, help="URL of the control plane's public keys")
    parser.add_argument("--upstream", type=Address.parse, help="where everything but streams goes")
    parser.add_argument("--state", required=True, type=Path, help="directory for the kept keys")
    given = parser.parse_args()
    return RelayConfig(
        listen=given.listen, jwks_url=given.jwks, state_dir=given.state, upstream=given.upstream
    )


async def _serve(config: RelayConfig) -> int:
    relay = Relay(config)
    try:
        await relay.start()
    except OSError as error:
        log.error("cannot listen at %s: %s", config.listen, error.strerror or error)  # noqa: TRY400
        return 1
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    log.info("stopping")
    await relay.stop()
    return 0


def _connections_possible() -> int:
    """Raise the limit of open files as far as allowed; each connection may need two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(16, (soft - 256) // 2)


if __name__ == "__main__":
    sys.exit(main())
