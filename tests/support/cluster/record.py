"""What the agent asked the test clusters of this process for, and by which test: the Role that it needs is
the set of these questions.
"""

import os
from collections.abc import Iterable

from tests.support.cluster.access import Question

ASKED: dict[Question, str] = {}
"""With the first test that asked it."""
TESTS: set[str] = set()
"""Those that had a cluster, whatever they asked."""


def keep(questions: Iterable[Question]) -> None:
    """Called as a cluster is taken away."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    TESTS.add(test)
    for question in questions:
        ASKED.setdefault(question, test)
