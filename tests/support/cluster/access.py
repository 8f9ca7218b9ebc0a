"""Who asks, what RBAC would have to allow for it, and whether it does. Each question is kept: a Role is right
if it is the set of questions that a test run asked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.cluster.objects import Resource
from tests.support.cluster.refusals import forbidden, unauthorized


@dataclass(frozen=True, order=True)
class Question:
    """What an authorizer is asked. `resource` may have a subresource (`pods/log`). A namespace counts as
    being in itself, as in the real API, so that a Role can let somebody read it."""

    group: str
    resource: str
    verb: str
    cluster_wide: bool = False


@dataclass(frozen=True)
class Rule:
    """Of a Role (or, `cluster_wide`, of a ClusterRole bound everywhere), as its `rules` list has it."""

    groups: Collection[str]
    resources: Collection[str]
    verbs: Collection[str]
    names: Collection[str] = ()
    cluster_wide: bool = False

    @classmethod
    def read(cls, rule: Mapping[str, Sequence[str]], *, cluster_wide: bool = False) -> "Rule":
        return cls(
            tuple(rule.get("apiGroups", ())),
            tuple(rule["resources"]),
            tuple(rule["verbs"]),
            tuple(rule.get("resourceNames", ())),
            cluster_wide,
        )

    def allows(self, question: Question, name: str) -> bool:
        return (
            (self.cluster_wide or not question.cluster_wide)
            and (question.group in self.groups or "*" in self.groups)
            and (question.resource in self.resources or "*" in self.resources)
            and (question.verb in self.verbs or "*" in self.verbs)
            and (not self.names or name in self.names)
        )


@dataclass
class User:
    """`rules` None: may do everything. `recorded`: whether the questions that it raises are kept."""

    name: str
    rules: Sequence[Rule] | None = None
    recorded: bool = True


@dataclass
class Access:
    """`users` by bearer token."""

    users: dict[str, User] = field(default_factory=dict)
    verbs: set[Question] = field(default_factory=set)
    refused: set[Question] = field(default_factory=set)

    def user(self, authorization: str) -> User:
        """Raises `Refused` 401."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or token not in self.users:
            raise unauthorized()
        return self.users[token]

    def check(self, user: User, resource: Resource, part: str, verb: str, namespace: str, name: str) -> None:
        """Raises `Refused` 403."""
        whole = f"{resource.plural}/{part}" if part else resource.plural
        question = Question(resource.group, whole, verb, cluster_wide=not namespace)
        if user.recorded:
            self.verbs.add(question)
        if user.rules is None or any(rule.allows(question, name) for rule in user.rules):
            return
        if user.recorded:
            self.refused.add(question)
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        why = f'User "{user.name}" cannot {verb} resource "{whole}" in API group "{resource.group}" {where}'
        raise forbidden(resource, name, why)
