"""The chart's Role is the exact set of verbs that the suites used: none is missing, none superfluous."""

import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import yaml

from agent.drivers.base import PermanentError
from agent.drivers.kubernetes.naming import object_name
from chalicelib.core.ids import new_id
from infra.charts import helm
from infra.charts.pack import CHART, MANIFESTS, NAME
from tests.contract.drivers.driver_contract import CHECKS
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter
from tests.support.cluster import record, rights
from tests.support.cluster.access import Question, Rule
from tests.support.cluster.server import NAMESPACE, ApiServer
from tests.support.cluster.site import serve, site

EVERYTHING = Rule(("*",), ("*",), ("*",), cluster_wide=True)
OPTIONS = ("clusterAccess.nodes=true", "clusterAccess.metrics=true")


def _manifests() -> list[Rule]:
    return rights.rules(doc for doc in yaml.safe_load_all(MANIFESTS.read_text()) if doc)


def _rendered(*values: str) -> list[Rule]:
    if platform.machine() != "x86_64":
        pytest.skip("no pinned Helm for this machine")
    command = [str(helm.path("helm4")), "template", NAME, str(CHART), "--namespace", NAMESPACE]
    for value in ("url=https://space.example", *values):
        command += ["--set", value]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return rights.rules(doc for doc in yaml.safe_load_all(text) if doc)


@contextmanager
def _adapter(rules: Sequence[Rule], **options: Any) -> Iterator[tuple[KubernetesAdapter, ApiServer]]:
    server = serve(rules, **options)
    made = KubernetesAdapter(site(server))
    try:
        yield made, server
    finally:
        made.close()


def _asked_by_the_suites() -> set[Question]:
    """What this process recorded. Checks that did not run in it are run now, with all rights there are."""
    for check, needs in CHECKS:
        ran = any(f"[kubernetes-{check.__name__}]" in test for test in record.TESTS)
        if not ran and needs <= KubernetesAdapter.capabilities:
            with _adapter([EVERYTHING]) as (adapter, _):
                check(adapter)
    _an_instance_that_says_nothing_as_it_ends()
    return {question for question in record.ASKED if not _optional(question)}


def _an_instance_that_says_nothing_as_it_ends() -> None:
    """Of one that ended well the cluster keeps no words, so its log is read. No check of all platforms' can
    tell that apart."""
    with _adapter([EVERYTHING]) as (adapter, server):
        driver, spec = adapter.open(), adapter.spec(new_id("ses"))
        driver.start(spec, lambda _: None)
        server.crash(object_name(spec.session_id, spec.incarnation), code=0)
        found = next(filter(None, (driver.ended() for _ in range(20))))
        assert found[0].facts.session_id == spec.session_id


def _optional(question: Question) -> bool:
    return question.cluster_wide or question.group == "metrics.k8s.io"


def _compared(role: set[Question], asked: set[Question]) -> list[str]:
    missing = [
        f"missing: {rights.words(each)}, used by {record.ASKED.get(each, 'the driver')}"
        for each in asked - role
    ]
    return sorted(missing + [f"superfluous: {rights.words(each)}" for each in role - asked])


@pytest.mark.timeout(600)
@pytest.mark.feature("The rights that agents ask for in a namespace are exactly those that they use")
def test_the_role_is_exactly_what_the_suites_used() -> None:
    asked = _asked_by_the_suites()
    assert _compared(rights.questions(_manifests()), asked) == []


@pytest.mark.feature("Rights beyond the namespace are optional, and exactly those that are used then")
def test_the_optional_rights_are_exactly_what_capacity_and_metrics_use() -> None:
    plain, full = rights.questions(_rendered()), rights.questions(_rendered(*OPTIONS))
    assert plain == rights.questions(_manifests())
    before = set(record.ASKED)
    with _adapter(_rendered(*OPTIONS), metrics=True) as (adapter, _):
        driver = adapter.open()
        assert driver.capacity().cpu_millis > 0
        assert driver.load() is not None
    asked = {question for question in record.ASKED if _optional(question)}
    assert before <= set(record.ASKED)
    assert _compared(full - plain, asked) == []


def test_a_right_that_is_missing_is_named() -> None:
    rules = [
        replace(rule, resources=[each for each in rule.resources if each != "secrets"])
        for rule in _manifests()
    ]
    with _adapter(rules) as (adapter, _), pytest.raises(PermanentError, match="secrets") as refused:
        adapter.open().start(adapter.spec(new_id("ses")), lambda _: None)
    assert refused.value.reason.code == "platform_unauthorized"


def test_only_the_own_namespace_can_be_read() -> None:
    (rule,) = [each for each in _manifests() if "namespaces" in each.resources]
    assert (list(rule.names), list(rule.verbs)) == ([NAMESPACE], ["get"])
    everywhere = [each for each in _rendered(*OPTIONS) if each.cluster_wide]
    assert {verb for each in everywhere for verb in each.verbs} == {"list"}
