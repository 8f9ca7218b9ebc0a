"""The rights that a Role gives, as the questions that it answers with yes."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from tests.support.cluster.access import Question, Rule


def rules(docs: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Of all Roles and ClusterRoles among these objects."""
    return [
        Rule.read(rule, cluster_wide=doc["kind"] == "ClusterRole")
        for doc in docs
        if doc["kind"] in {"Role", "ClusterRole"}
        for rule in doc["rules"]
    ]


def questions(of: Iterable[Rule]) -> set[Question]:
    return {
        Question(group, resource, verb, rule.cluster_wide)
        for rule in of
        for group, resource, verb in product(rule.groups, rule.resources, rule.verbs)
    }


def words(question: Question) -> str:
    """As one would say it."""
    group = f" ({question.group})" if question.group else ""
    where = " in the whole cluster" if question.cluster_wide else ""
    return f"{question.verb} {question.resource}{group}{where}"
