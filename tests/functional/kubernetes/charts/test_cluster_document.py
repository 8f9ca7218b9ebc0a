"""docs/kubernetes.md names what there is: values of the chart, rights of its Role, reasons of the driver."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.charts.pack import CHART, MANIFESTS

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs" / "kubernetes.md").read_text()
CODES = re.compile(r'(?:permanent|temporary|Reason)\(\s*(?:code=)?"([a-z]+(?:_[a-z]+)+)"')
INSIDE = {"platform_error", "invalid_template"}
"""In the cluster's or the template's own words; there is nothing to look up."""


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")


def test_every_value_that_it_names_is_there() -> None:
    known = set(_leaves(yaml.safe_load((CHART / "values.yaml").read_text())))
    groups = {name.split(".")[0] for name in known}
    named = set(re.findall(r"\b([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+)\b", TEXT))
    named = {name for name in named if name.split(".")[0] in groups - {"image", "url", "labels"}}
    assert {"sessions.home.size", "clusterAccess.nodes", "capacity.cpu"} <= named
    assert named <= known


def test_its_table_of_rights_is_the_role() -> None:
    (role,) = (doc for doc in yaml.safe_load_all(MANIFESTS.read_text()) if doc and doc["kind"] == "Role")
    real = {
        (resource, tuple(sorted(rule["verbs"]))) for rule in role["rules"] for resource in rule["resources"]
    }
    section = TEXT[TEXT.index("## Rights") : TEXT.index("## What a session is made of")]
    told = {
        (resource.strip().lower(), tuple(sorted(verb.strip() for verb in verbs.split(","))))
        for resources, verbs in re.findall(r"^\| ([^|]+) \| ([a-z, ]+) \|", section, re.M)
        for resource in resources.replace(", this one only", "").split(",")
        if resources != "what"
    }
    assert told == real


def test_every_reason_of_the_driver_is_explained() -> None:
    codes = {
        code
        for path in (ROOT / "agent" / "drivers" / "kubernetes").glob("*.py")
        for code in CODES.findall(path.read_text())
    }
    assert {"image_not_found", "quota_exceeded", "home_pending"} <= codes
    assert {code for code in codes - INSIDE if f"`{code}`" not in TEXT} == set()
