"""`python -m infra.local.emulator`, in ministack's own environment.

EMULATOR_FOLDER (the journal's and S3's), EMULATOR_PORT, EMULATOR_CHECKPOINTS_TABLE,
EMULATOR_UNRECORDED_TABLES (comma-separated) and EMULATOR_COMPACT_BYTES say what to do;
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are the root's.
"""

import importlib
import os
from pathlib import Path
from typing import Any

DEFAULT_COMPACT_BYTES = 64 * 2**20


def main() -> None:
    port = int(os.environ["EMULATOR_PORT"])
    objects = Path(os.environ["EMULATOR_FOLDER"]).absolute() / "objects"
    keep_empty_buckets(objects)
    # Read by ministack as it is imported. It must not find Docker: it would remove containers as its own.
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_ACCOUNT_ID="000000000000",
        SERVICES="dynamodb,dynamodbstreams,sqs,sts,s3",
        PERSIST_STATE="0",
        # Each object is a file, whole before its call is answered; the seed sets the bucket up again.
        S3_PERSIST="1",
        S3_DATA_DIR=str(objects),
        DOCKER_HOST="unix:///nonexistent",
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"),
    )
    serve(port)


def keep_empty_buckets(objects: Path) -> None:
    """ministack takes an empty folder for no bucket when it starts; an empty one in it is no object."""
    for bucket in objects.glob("[0-9]*/*"):
        (bucket / ".bucket").mkdir(exist_ok=True)


def serve(port: int) -> None:
    import uvicorn  # noqa: PLC0415 - ministack reads the environment as it is imported

    from infra.local.emulator import identity, waking  # noqa: PLC0415
    from infra.local.emulator.front import Front  # noqa: PLC0415
    from infra.local.emulator.journal import Journal  # noqa: PLC0415
    from infra.local.emulator.recorder import Recorder  # noqa: PLC0415

    ministack: Any = importlib.import_module("ministack.app")

    compact_after = int(os.environ.get("EMULATOR_COMPACT_BYTES", DEFAULT_COMPACT_BYTES))
    journal = Journal(Path(os.environ["EMULATOR_FOLDER"]), compact_after=compact_after)
    unrecorded = os.environ.get("EMULATOR_UNRECORDED_TABLES", "").split(",")
    recorder = Recorder(
        journal,
        unrecorded=frozenset(filter(None, unrecorded)),
        checkpoints=os.environ["EMULATOR_CHECKPOINTS_TABLE"],
    )
    recorder.restore()
    identity.install()
    waking.install()
    handlers = ministack.SERVICE_HANDLERS
    ministack.SERVICE_HANDLERS = {
        service: recorder.recording(handler, service) for service, handler in handlers.items()
    }
    uvicorn.run(
        Front(ministack.app, recorder, journal),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
