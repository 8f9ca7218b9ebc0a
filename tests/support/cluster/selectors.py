"""Label and field selectors, as lists and watches take them."""

import re
from collections.abc import Callable
from typing import Any

from tests.support.cluster.objects import Object, labels_of
from tests.support.cluster.refusals import bad_request

Matches = Callable[[Object], bool]
_SET = re.compile(r"^(?P<key>\S+)\s+(?P<how>in|notin)\s+\((?P<values>[^)]*)\)$")


def parse(labels: str, fields: str) -> Matches:
    """Both selectors as one question."""
    wanted = [_label_term(term) for term in _terms(labels)]
    found = [_field_term(term) for term in _terms(fields)]
    return lambda thing: all(term(thing) for term in (*wanted, *found))


def selected(selector: Object | None, labels: dict[str, str]) -> bool:
    """A `LabelSelector` object. None selects nothing, an empty one everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or ():
        key, values = term["key"], term.get("values") or ()
        held = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held[term["operator"]]:
            return False
    return True


def _terms(text: str) -> list[str]:
    """Split at commas outside parentheses."""
    return [term.strip() for term in re.split(r",(?![^(]*\))", text) if term.strip()]


def _label_term(term: str) -> Matches:
    if found := _SET.match(term):
        key = found["key"]
        values = {value.strip() for value in found["values"].split(",")}
        if found["how"] == "in":
            return lambda thing: labels_of(thing).get(key) in values
        return lambda thing: labels_of(thing).get(key) not in values
    if "!=" in term:
        key, value = (part.strip() for part in term.split("!=", 1))
        return lambda thing: labels_of(thing).get(key) != value
    if "=" in term:
        key, value = (part.strip(" =") for part in term.split("=", 1))
        return lambda thing: labels_of(thing).get(key) == value
    if term.startswith("!"):
        return lambda thing: term[1:] not in labels_of(thing)
    return lambda thing: term in labels_of(thing)


_FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "status.phase",
    "type",
    "reason",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
}
"""What at least one kind of ours can be selected by; the API refuses every other."""


def _field_term(term: str) -> Matches:
    found = re.match(r"^([\w.]+)(!=|==?)(.*)$", term)
    if not found or found[1] not in _FIELDS:
        raise bad_request(f"field label not supported: {found[1] if found else term}")
    path, same, value = found[1].split("."), found[2] != "!=", found[3]
    return lambda thing: (str(_dig(thing, path) or "") == value) is same


def _dig(thing: Any, path: list[str]) -> Any:
    for step in path:
        thing = thing.get(step) if isinstance(thing, dict) else None
    return thing
