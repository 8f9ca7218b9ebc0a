"""What the README claims has a test, in the same words."""

import re
from pathlib import Path

from infra.features import claims, render

ROOT = Path(__file__).resolve().parents[3]
_MARK = re.compile(r'mark\.feature\(\s*((?:"[^"]*"\s*)+)\)')


def _marked() -> set[str]:
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for strings in _MARK.findall(path.read_text()):
            found.add("".join(re.findall(r'"([^"]*)"', strings)))
    return found


def test_every_claim_has_a_test():
    claimed = claims((ROOT / "README.md").read_text())
    assert len(claimed) > 5
    assert [claim for claim in claimed if claim not in _marked()] == []


def test_the_page_says_what_does_not_work():
    page = render(["A", "B", "C"], {"A": {"t1": "passed"}, "B": {"t2": "passed", "t3": "failed"}})
    assert "| A | yes | yes | `t1` |" in page
    assert "| B | yes | **no** |" in page
    assert "| C | yes | **no** | no test |" in page


def test_a_claim_may_span_lines():
    assert claims("# x\n## What it does\n\n* one\n  two.\n* three\n\n## Next\n* four\n") == [
        "one two",
        "three",
    ]
