"""The installer's settings: read whole, or refused by the field's name."""

import json
from pathlib import Path

import pytest

from agent.drivers.base import PermanentError
from agent.drivers.kubernetes.settings import Settings, SettingsInvalid, read_settings

NAMESPACE = "STREAMSPACE_KUBERNETES_NAMESPACE"
SETTINGS = "STREAMSPACE_KUBERNETES_SETTINGS"


def read(**settings: object) -> Settings:
    return Settings.read({SETTINGS: json.dumps(settings)})


def test_nothing_need_be_said() -> None:
    assert Settings.read({}) == Settings()


def test_a_file_may_say_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"namespace": "there", "home": {"size": "1Gi"}}')
    found = Settings.read({SETTINGS: f"@{file}"})
    assert (found.namespace, found.home.size) == ("there", "1Gi")
    assert Settings.read({SETTINGS: f"@{file}", NAMESPACE: "here"}).namespace == "here"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"nmespace": "x"}, "nmespace"),
        ({"namespace": "No Label"}, "namespace"),
        ({"home": {"size": "big"}}, "home.size"),
        ({"home": {"size": "0"}}, "home.size"),
        ({"home": {"sise": "1Gi"}}, "home.sise"),
        ({"blocked_cidrs": ["10.0.0.0/33"]}, "blocked_cidrs.0"),
        ({"tolerations": [{"effect": "Never"}]}, "tolerations.0.effect"),
        ({"stream": "smoke"}, "stream"),
        ({"capacity": {"cpu": "4"}}, "capacity.memory"),
        ({"labels": {"streamspace.controller": "mine"}}, "labels"),
        ({"annotations": {"streamspace/answered": "mine"}}, "annotations"),
        ({"agent_selector": {}}, "agent_selector"),
        ({"schedule_timeout": 0}, "schedule_timeout"),
    ],
)
def test_what_is_wrong_is_named(settings: dict[str, object], field: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"{SETTINGS}: {field}: "):
        read(**settings)


@pytest.mark.parametrize("text", ["{", "[]", "7", "@/nowhere.json"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid, match=SETTINGS):
        Settings.read({SETTINGS: text})


def test_drivers_say_it_as_a_reason() -> None:
    with pytest.raises(PermanentError) as caught:
        read_settings({SETTINGS: "{"})
    assert caught.value.reason.code == "settings_invalid"
