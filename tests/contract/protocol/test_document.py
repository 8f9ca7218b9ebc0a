"""The document's tables against the code that they describe."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from agent.worker.timings import Timings as AgentTimings
from chalicelib.core import errors
from chalicelib.core.config import Timings
from chalicelib.sessions.rules import TRANSITIONS
from tests.contract.protocol import golden

CODE = golden.DOCS.parent / "chalicelib"
FOR_AGENTS = (
    "controllers/agents.py",
    "controllers/agent_rules.py",
    "controllers/enrollment.py",
    "controllers/signatures.py",
    "commands/rules.py",
    "sessions/reports.py",
    "sessions/inventory.py",
    "core/api.py",
)
"""What raises towards agents. Codes of other files in these folders are told apart below."""
FOR_PEOPLE = frozenset(
    {"controller_in_use", "invalid_state", "home_gone", "image_not_allowed", "idempotency_key_reused",
     "session_not_placed", "session_not_running", "template_disabled"}
)  # fmt: skip
"""Refusals of the public API, which no agent calls."""
ELSEWHERE = {
    "plan_limit",
    "method_not_allowed",
    "too_many",
    "internal",
    "invalid",
    "unavailable",
    "not_found",
}
"""Codes that come from lower layers and from the gateway in front."""


def table() -> dict[str, list[str]]:
    """The refusals that the document lists, by code."""
    found = golden.rows(golden.section("4. Answers and refusals"))
    return {cells[0].strip("`"): cells[1:] for cells in found if len(cells) == 4 and cells[0][0] == "`"}


def raised(path: Path) -> set[str]:
    """Codes that a file gives to the refusals that it makes."""
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.DomainError)
    }
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if not isinstance(called, ast.Name) or called.id not in kinds:
            continue
        given = [each.value for each in node.keywords if each.arg == "code"]
        codes = {each.value for each in given if isinstance(each, ast.Constant)}
        found |= {str(code) for code in codes} if given else {kinds[called.id].code}
    return found


@pytest.mark.feature("Every refusal that an agent can meet is in the protocol's document, with what to do")
def test_every_refusal_that_agents_can_meet_is_in_the_document() -> None:
    folders = ("controllers", "commands", "sessions")
    everything = {code for name in folders for path in (CODE / name).glob("*.py") for code in raised(path)}
    everything |= {code for path in FOR_AGENTS for code in raised(CODE / path)}
    everything -= FOR_PEOPLE | {"forbidden", "conflict"}
    assert everything - set(table()) == set()


def test_the_document_lists_no_refusal_that_nobody_gives() -> None:
    given = {code for path in CODE.rglob("*.py") for code in raised(path)} | ELSEWHERE
    assert set(table()) - given == set()


def test_every_refusal_of_the_document_has_a_golden_problem_of_its_status() -> None:
    problems, said = golden.refusals(), table()
    assert set(problems) == set(said)
    for code, problem in problems.items():
        assert (problem["code"], str(problem["status"])) == (code, said[code][0])
        assert problem["type"] == f"https://streamspace.dev/problems/{code}"


def test_members_beyond_the_usual_ones_are_in_the_document() -> None:
    usual = {"type", "title", "status", "detail", "code", "errors", "request_id"}
    for code, problem in golden.refusals().items():
        for member in problem.keys() - usual:
            assert f"`{member}`" in " ".join(table()[code]), (code, member)


def test_the_states_are_those_of_the_transition_table() -> None:
    known = {
        ("(new)" if state is None else state.value, cause.value, target.value)
        for state, by in TRANSITIONS.items()
        for cause, target in by.items()
    }
    said = {
        (state.strip("`"), cause.strip("* "), target.strip("`"))
        for state, causes, target in golden.rows(golden.section("A session"))[1:]
        for cause in causes.split(",")
    }
    assert said == known


@pytest.mark.parametrize(
    ("heading", "timings"),
    [("The control plane's own", Timings()), ("Our agent's own", AgentTimings())],
)
def test_the_timings_are_those_of_the_code(heading: str, timings: object) -> None:
    known = {each.name: getattr(timings, each.name) for each in fields(timings)}  # type: ignore[arg-type]
    for name, default, _meaning in golden.rows(golden.section(heading))[1:]:
        assert float(default) == known[name.strip("`")], name


def test_crash_points_are_numbered_without_gaps() -> None:
    for heading, letter in (
        ("Of the agent", "A"),
        ("Of the control plane", "C"),
        ("Of what is between", "N"),
    ):
        numbers = [cells[0] for cells in golden.rows(golden.section(heading))[1:]]
        assert numbers == [f"{letter}{number}" for number in range(1, len(numbers) + 1)]


def test_links_lead_somewhere() -> None:
    page = golden.page()
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", page):
        path, _, anchor = target.partition("#")
        assert not path or (golden.DOCS / path).exists(), target
        assert path or anchor in anchors, target
