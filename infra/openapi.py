"""Prints the API's OpenAPI document: `python -m infra.openapi > ui/openapi.json`."""

import json
import os
import sys


def main() -> None:
    """The document needs no store and no keys, only the routes."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from app import apis  # noqa: PLC0415 - after the environment is set
    from chalicelib.core import openapi  # noqa: PLC0415
    from chalicelib.meta.routes import DESCRIPTION, TITLE, VERSION  # noqa: PLC0415

    operations = [operation for api in apis for operation in api.operations]
    document = openapi.build(operations, title=TITLE, version=VERSION, description=DESCRIPTION)
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
