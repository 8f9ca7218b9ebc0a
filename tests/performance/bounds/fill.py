"""`python -m tests.performance.bounds.fill TENANT SESSION COUNT`, configured as an app is: that session and
copies of it, so many together. Prints their ids as JSON."""

import json
import sys
from types import SimpleNamespace
from typing import Any

from tests.performance.bounds import crowd
from tests.support.desk import Desk


def main() -> None:
    tenant_id, session_id, count = sys.argv[1:]
    import app

    nobody: Any = None
    desk = Desk(app, nobody, SimpleNamespace(id=tenant_id), nobody)
    print(json.dumps(crowd.copies(desk, session_id, int(count))))


if __name__ == "__main__":
    main()
