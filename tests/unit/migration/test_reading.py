"""From YAML that anybody may have written to manifests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.migration import sessions, templates
from chalicelib.migration.notes import Blocked
from chalicelib.migration.reading import Foreign, Manifest, read
from tests.unit.migration.test_manifests import NOW, TENANT

WHOLE = "apiVersion: stream.space/v1alpha1\nkind: {}\nmetadata: {{name: {}}}\nspec: {}\n"


def test_lists_are_opened_and_strangers_named():
    text = """
apiVersion: v1
kind: List
items:
- {apiVersion: stream.space/v1alpha1, kind: Template, metadata: {name: a}, spec: {baseImage: x}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {}}
---
apiVersion: workspaces.aiinfra.io/v1alpha1
kind: WorkspaceSession
metadata: {name: c}
spec: {user: u}
---
just text
---
{kind: List, items: 5}
"""
    found = read(text)
    assert [type(each) for each in found] == [Manifest, Foreign, Manifest, Foreign, Foreign]
    assert [each.name for each in found] == ["a", "b", "c", "", ""]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "Line"),
        ("a: &x [1]\nb: *x\n", "references"),
        ("!!python/object/apply:os.system ['true']", "Line 1"),
        ("[" * 5000, ""),
        ("", "nothing"),
        ("---\n" * 3, "nothing"),
        ("kind: X\n---\n" * 501, "At most 500"),
        ("a: \x00", ""),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "Line 4: c is given twice"),
        ("{true: 1, yes: 2}", "given twice"),
        ("? [a]\n: 1", "Line 1"),
        ('a: !!int ""', "Line 1: tags"),
        ("a: !!bool maybe", "tags"),
        ("a: !!timestamp x", "tags"),
        ("--- !!set {a, b}", "tags"),
        (r'a: "\ud800"', "Line 1: there is a character"),
        (r'"\0": 1', "Line 1: there is a character"),
        (r'a: "\U00110000"', ""),
        (r'a: "\UFFFFFFFF"', ""),
    ],
)
def test_what_is_no_yaml_names_the_field(text, said):
    with pytest.raises(Invalid) as caught:
        read(text)
    assert caught.value.errors[0].field == "manifests"
    assert said in caught.value.detail


@pytest.mark.parametrize(
    "value",
    [
        *("5", "0.5", "1_000", "1.10", "12:30", "2024-01-02", "2024-99-99", "0x1F", "1e3", ".inf", "=", "~x"),
        *("0x" + "F" * 5000, "9" * 5000, "1" + ":59" * 400 + ".5"),
    ],
)
def test_what_looks_like_a_number_is_text_as_it_is_written(value):
    [found] = read(WHOLE.format("Template", "x", f"{{env: {value}}}"))
    assert isinstance(found, Manifest)
    assert found.spec == {"env": value}


def test_true_false_and_nothing_are_what_they_are():
    [found] = read(WHOLE.format("Template", "x", "{a: true, b: off, c: null, d: ~, e: 'true', <<: 1}"))
    assert isinstance(found, Manifest)
    assert found.spec == {"a": True, "b": False, "c": None, "d": None, "e": "true", "<<": "1"}


@pytest.mark.parametrize(
    "name", ['"a\\nb"', "Upper", "-a", "a-", "[a]", "{a: b}", "true", "a" * 254, '"<b>"', "ä", "a b", "a/b"]
)
def test_a_name_that_no_cluster_gives_is_refused_by_its_field(name):
    [found] = read(WHOLE.format("Session", name, "{}"))
    assert isinstance(found, Foreign)
    assert "metadata.name" in found.why
    assert len(found.name) <= 254


@pytest.mark.parametrize("name", ["a", "0", "a.b-c", "a" * 253])
def test_a_name_that_clusters_give_is_taken(name):
    [found] = read(WHOLE.format("Session", name, "{}"))
    assert isinstance(found, Manifest)
    assert found.name == name


scraps = st.sampled_from(
    [
        *(
            "a",
            "1",
            "- ",
            ": ",
            "? ",
            "\n",
            "\n  ",
            "\n---\n",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "'",
            '"',
            "|\n ",
            ">-\n",
        ),
        *(
            "#",
            "&a ",
            "*a",
            "!!int ",
            "! ",
            "<<: ",
            "=",
            "%YAML 1.1\n",
            "\\ud800",
            "\\0",
            "\t",
            "\u2028",
            "~",
        ),
        *("apiVersion: stream.space/v1\n", "kind: Template\n", "kind: List\n", "items: ", "metadata: "),
        *("2020-01-01", "1:2:3.4", "0x_", ".nan", "baseImage: ", "user: ", "template: ", "env: ", "spec: "),
    ]
)


@given(st.lists(scraps, max_size=40).map("".join))
def test_no_text_breaks_it(text):
    try:
        found = read(text)
    except Invalid:
        return
    for each in found:
        if isinstance(each, Foreign):
            continue
        each.name.encode()
        try:
            if each.kind == "template":
                templates.imported(each, TENANT, NOW, images={}, known=frozenset())
            else:
                sessions.imported(each)
        except Blocked:
            pass
