"""The control plane, the UI and the rest of the agent do not know Kubernetes: nobody outside its driver, its
chart, their tests and documents uses its words. A platform's bare name is no more than an entry in a list.
"""

import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ALLOWED = (
    "agent/drivers/kubernetes/*",
    "infra/charts/*",
    "tests/*/kubernetes/*",
    "tests/support/cluster/*",
    "tests/cluster/*",
    "tests/contract/drivers/kubernetes_adapter.py",
    "docs/kubernetes.md",
)
"""As the architecture says. `*` stands for folders, too."""
NOT_OURS = ("*/package-lock.json", "LICENSE")
GENERATED = ("ui/openapi.json", "ui/src/api/schema.d.ts", "docs/FEATURES.md")
"""From what is looked at here."""

_LONG = (
    *("kubernetes", "kubectl", "kubelet", "kubeconfig", "k8s", "stateful set", "daemon set", "replica set"),
    *("config map", "network polic", "persistent volume", "cluster role", "role binding", "storage class"),
    *("pod security", "image pull back off", "crash loop back off", "resource quota", "api server"),
)
"""Found within longer words as well, written together, apart or in any case."""
_SHORT = ("pod", "helm", "pvc", "namespace")
"""Found as words of their own, within `names_like_this` and `namesLikeThis` too; not in podcast or helmet."""


def _pattern() -> re.Pattern[str]:
    parts = [f"(?i:{word.replace(' ', '[-_ ]?')})" for word in _LONG]
    for word in _SHORT:
        first, rest = word[0], word[1:]
        lower, title, upper = word, first.upper() + rest, word.upper()
        parts += [
            rf"(?<![A-Za-z])(?:{lower}|{title})s?(?![a-z])",
            rf"(?<=[a-z]){title}s?(?![a-z])",
            rf"(?<![A-Z]){upper}S?(?![A-Za-z])",
        ]
    return re.compile("|".join(parts))


WORDS = _pattern()


@dataclass(frozen=True)
class Exempt:
    """Files in which some of the words may stand, or all if none is named."""

    why: str
    words: frozenset[str]
    files: tuple[str, ...]


def _exempt(why: str, words: str, *files: str) -> Exempt:
    return Exempt(why, frozenset(words.split()), files)


EXEMPT = (
    _exempt(
        "a list of platforms, by their bare names",
        "kubernetes",
        *("agent/drivers/registry.py", "chalicelib/protocol/agents.py", "docs/protocol.md", "pyproject.toml"),
        *("requirements-dev.txt", "infra/images/agent_packages.py", "tests/performance/test_cost.py"),
        *("tests/unit/sessions/test_placement_rules.py", "chalicelib/controllers/enrollment_schemas.py"),
        "tests/contract/drivers/conftest.py",
    ),
    _exempt(
        "where the spelling of quantities comes from",
        "kubernetes pod",
        *(
            "chalicelib/core/quantities.py",
            "chalicelib/catalog/schemas.py",
            "chalicelib/controllers/schemas.py",
        ),
        *("tests/unit/core/test_quantities.py", "ui/src/components/quantities.ts"),
    ),
    _exempt(
        "the commands that install agents, and what the UI says beside them: one place in each",
        "",
        *(
            "chalicelib/controllers/installing.py",
            "tests/functional/controllers/test_several_by_one_token.py",
        ),
        *("ui/src/features/controllers/platforms.ts", "ui/src/features/controllers/platforms.test.ts"),
        *("ui/src/features/controllers/enrolment.test.ts", "ui/dev/platforms.mjs"),
    ),
    _exempt("the answers that the UI's screens are drawn with", "kubernetes helm namespace", "ui/dev/*"),
    _exempt(
        "what `/install` hands out, by file name", "kubernetes", "tests/functional/package/test_package.py"
    ),
    _exempt(
        "how the tests of what is allowed are run",
        "",
        *("Makefile", "infra/local/bootstrap.sh", "infra/local/test.sh"),
    ),
    _exempt("documents on the whole product", "", "README.md", "ARCHITECTURE.md"),
    _exempt(
        "namespaces of the kernel, or of metrics",
        "namespace",
        *("agent/drivers/docker/*", "tests/functional/docker/*", "tests/support/machine.py"),
        *("tests/chaos/__main__.py", "chalicelib/core/telemetry.py"),
    ),
)
_PYTHONS = re.compile(r"\b(?:Simple)?Namespace\b")
"""Classes of the standard library."""


def words_in(text: str) -> list[str]:
    """Each in lower case and in one word, short ones in the singular."""
    words = [re.sub(r"[-_ ]", "", match[0].lower()) for match in WORDS.finditer(text)]
    return [word[:-1] if word.removesuffix("s") in _SHORT and word.endswith("s") else word for word in words]


@cache
def _found() -> dict[str, list[tuple[int, str]]]:
    """By file, the lines and their words. Git looks roughly, at what is not yet committed as well."""
    roughly = "|".join(re.escape(word.split()[0]) for word in (*_LONG, *_SHORT))
    command = ["git", "grep", "--untracked", "-z", "-I", "-n", "-i", "-E", "-e", roughly]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    found: dict[str, list[tuple[int, str]]] = {}
    for path, number, text in (line.split("\0", 2) for line in lines):
        if any(fnmatch(path, pattern) for pattern in (*ALLOWED, *NOT_OURS, *GENERATED)):
            continue
        for word in words_in(_PYTHONS.sub("", text) if path.endswith(".py") else text):
            found.setdefault(path, []).append((int(number), word))
    return found


def _may(path: str, word: str) -> bool:
    exempt = [each for each in EXEMPT if any(fnmatch(path, pattern) for pattern in each.files)]
    return any(not each.words or word in each.words for each in exempt)


@pytest.mark.feature("Nothing but its driver, chart, tests and documents knows the words of Kubernetes")
def test_nobody_else_uses_the_words() -> None:
    found = _found()
    wrong = [
        f"{path}:{number}: {word}"
        for path, words in found.items()
        for number, word in words
        if not _may(path, word)
    ]
    assert wrong == [], "say it in the words of the design, or in the driver"


def test_no_exception_outlives_its_reason() -> None:
    found = _found()
    idle = [
        pattern
        for each in EXEMPT
        for pattern in each.files
        if not any(
            fnmatch(path, pattern) and (not each.words or any(word in each.words for _, word in words))
            for path, words in found.items()
        )
    ]
    assert idle == []


@pytest.mark.parametrize(
    "text",
    [
        *("a pod", "Pods,", "pod_name", "podName", "PodSpec", "sessionPod", "the_pods", "POD_LABELS", "pod0"),
        *(
            "StatefulSet",
            "stateful_set",
            "statefulsets",
            "a PVC",
            "helm install",
            "kube: kubectl",
            "K8S_HOST",
        ),
        *(
            "NetworkPolicy",
            "network policies",
            "CrashLoopBackOff",
            "KUBERNETES_PORT",
            "namespaced"[:9],
            "apiServer",
        ),
    ],
)
def test_the_words_are_found_however_they_are_written(text: str) -> None:
    assert words_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "podcast",
        "podium",
        "tripod",
        "peapods",
        "iPodder",
        "helmet",
        "overwhelm",
        "namespaced",
        "SPODE",
        "Helmut",
    ],
)
def test_words_that_only_look_alike_are_not(text: str) -> None:
    assert words_in(text) == []
