"""What the original's manifests become, field by field."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.ids import is_id, new_id
from chalicelib.migration import sessions, templates
from chalicelib.migration.names import LABEL, label, stable_id
from chalicelib.migration.notes import Blocked
from chalicelib.migration.reading import Manifest
from chalicelib.migration.templates import ImportedTemplate
from chalicelib.protocol.instances import Network

TENANT = new_id("ten")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BROWSER = {
    "displayName": "Web Browser",
    "description": "Looks at pages.",
    "category": "Web Browsers",
    "icon": "https://pictures.example/browser.png",
    "baseImage": "registry.example/apps/browser:1",
    "defaultResources": {"memory": "2Gi", "cpu": "1500m"},
    "env": [{"name": "TZ", "value": "Europe/Berlin"}],
    "volumeMounts": [{"name": "user-home", "mountPath": "/config"}],
    "vnc": {"enabled": True, "port": 5900},
    "capabilities": ["Network", "Audio", "Clipboard"],
    "tags": ["web"],
}


def template(images: dict[str, str] | None = None, **changes: object) -> ImportedTemplate:
    spec = {name: value for name, value in (BROWSER | changes).items() if value is not None}
    manifest = Manifest("template", "web-browser", spec)
    return templates.imported(manifest, TENANT, NOW, images=images or {}, known=frozenset())


def noted(made: ImportedTemplate) -> dict[str, str]:
    return {note.field: note.fate.value for note in made.notes}


def test_a_template_comes_through_and_says_what_did_not():
    made = template({"registry.example/apps/browser:1": "streamspace/firefox:dev"})
    new = made.template
    assert (new.name, new.description, new.category) == ("Web Browser", "Looks at pages.", "Web Browsers")
    assert (new.image, new.enabled, new.icon) == ("streamspace/firefox:dev", True, "firefox")
    assert (new.resources.cpu_millis, new.resources.memory_bytes) == (1500, 2 * 2**30)
    assert new.env == {"TZ": "Europe/Berlin"}
    assert (new.network, new.clipboard_in, new.clipboard_out) == (Network.INTERNET, True, True)
    assert new.persistent_home
    assert noted(made) == {
        "spec.vnc.port": "lost",
        "spec.baseImage": "changed",
        "spec.capabilities": "lost",
        "spec.icon": "changed",
        "spec.volumeMounts.user-home": "changed",
        "spec.tags": "lost",
    }


def test_an_image_that_nobody_vouched_for_is_switched_off():
    made = template()
    assert not made.template.enabled
    assert any("switched off" in note.message for note in made.notes)
    known = templates.imported(
        Manifest("template", "x", dict(BROWSER)),
        TENANT,
        NOW,
        images={},
        known=frozenset({BROWSER["baseImage"]}),
    )
    assert known.template.enabled


def test_limits_win_over_requests_which_are_said_to_be_lost():
    made = template(
        defaultResources={
            "requests": {"cpu": "500m", "memory": "1Gi"},
            "limits": {"cpu": "2", "memory": "1Gi", "example.com/gpu": "1", "ephemeral-storage": "9Gi"},
        }
    )
    resources = made.template.resources
    assert (resources.cpu_millis, resources.memory_bytes, resources.gpu) == (2000, 2**30, 1)
    assert noted(made)["spec.defaultResources.requests.cpu"] == "lost"
    assert "spec.defaultResources.requests.memory" not in noted(made)
    assert noted(made)["spec.defaultResources.ephemeral-storage"] == "lost"


@pytest.mark.parametrize("amount", ["lots", "-1", {"a": 1}, "0", "99999999999Ti"])
def test_an_amount_that_makes_no_sense_becomes_the_default_and_is_told(amount):
    made = template(defaultResources={"memory": amount})
    assert made.template.resources.memory_bytes == 2**30
    assert noted(made)["spec.defaultResources.memory"] == "changed"


@pytest.mark.parametrize(
    "changes",
    [
        {"vnc": {"enabled": False}},
        {"vnc": None, "kasmvnc": {"enabled": False, "port": None}},
        {"streamingProtocol": "selkies"},
        {"vnc": None, "webapp": {"enabled": True, "port": 8443}},
        {"baseImage": None},
    ],
)
def test_what_shows_no_screen_is_not_imported(changes):
    with pytest.raises(Blocked):
        template(**changes)


def test_without_capabilities_the_original_gave_network_and_clipboard():
    made = template(capabilities=None).template
    assert (made.network, made.clipboard_in) == (Network.INTERNET, True)
    closed = template(capabilities=["Audio"]).template
    assert (closed.network, closed.clipboard_in) == (Network.NONE, False)


def test_variables_that_cannot_be_carried_are_named():
    made = template(
        env=[
            {"name": "SECRET", "valueFrom": {"secretKeyRef": {}}},
            {"name": "STREAMSPACE_X", "value": "1"},
            {"name": "not a name", "value": "1"},
            "nonsense",
            {"name": "PAGES", "value": ["a", "b"]},
            {"name": "N", "value": 5},
            {"name": "ON", "value": True},
        ]
    )
    assert made.template.env == {"N": "5", "ON": "true"}
    lost = {"spec.env.SECRET", "spec.env.STREAMSPACE_X", "spec.env.not a name", "spec.env.PAGES"}
    assert lost <= set(noted(made))


def test_what_nobody_knows_is_said_to_be_lost():
    made = noted(template(hologram=True, ports=[5900], defaultResources={"limits": "2Gi"}))
    assert made["spec.hologram"] == "lost"
    assert (made["spec.ports"], made["spec.defaultResources.limits"]) == ("lost", "lost")


def test_a_report_stays_readable_whatever_is_made_up():
    made = template(env=[{}] * 5000, **{f"field{number}": 1 for number in range(5000)})
    assert len(made.notes) == 51
    assert "9956 more" in made.notes[-1].message


@pytest.mark.parametrize("amount", ["9" * 5000, "1" * 4000, "\u0663", "-1", "65", "1.5"])
def test_a_number_of_gpus_that_makes_no_sense_is_none(amount):
    made = template(defaultResources={"example.com/gpu": amount})
    assert made.template.resources.gpu == 0
    assert noted(made)["spec.defaultResources.example.com/gpu"] == "changed"


def test_a_web_page_that_is_switched_off_does_not_make_it_a_web_app():
    assert template(vnc={"port": 5900}, webapp={"enabled": False}).template.name == "Web Browser"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*BROWSER, "kasmvnc", "webapp", "x"]), json_like))
def test_no_manifest_breaks_it(changes):
    try:
        made = template(**changes)
    except Blocked:
        return
    assert made.template.name
    assert all(note.message for note in made.notes)


@given(st.dictionaries(st.sampled_from(["user", "template", "state", "resources", "tags", "x"]), json_like))
def test_no_session_breaks_it(spec):
    try:
        made = sessions.imported(Manifest("session", "s", spec))
    except Blocked:
        return
    assert made.new(new_id("tpl")).name == "s"


def test_a_session_says_what_stays_behind():
    spec = {
        "user": "ada",
        "template": "web-browser",
        "state": "running",
        "resources": {"memory": "4Gi"},
        "persistentHome": True,
        "idleTimeout": "30m",
        "tags": ["x"],
    }
    made = sessions.imported(Manifest("session", "ada-browser", spec))
    assert (made.user, made.template, made.memory_bytes, made.cpu_millis) == (
        "ada",
        "web-browser",
        4 * 2**30,
        None,
    )
    assert {note.field for note in made.notes} == {"spec.persistentHome", "spec.idleTimeout", "spec.tags"}
    template_id = new_id("tpl")
    asked = made.new(template_id)
    assert (asked.template_id, asked.labels) == (template_id, {LABEL: "ada-browser"})


@given(st.text(max_size=300))
def test_an_imported_id_is_an_id_and_always_the_same(name):
    made = stable_id("tpl", TENANT, name)
    assert is_id(made, "tpl")
    assert made == stable_id("tpl", TENANT, name)
    assert made != stable_id("tpl", new_id("ten"), name)
    assert len(label(name)) <= 63


def test_long_names_that_begin_alike_have_labels_of_their_own():
    assert label("a" * 80) != label("a" * 81)
