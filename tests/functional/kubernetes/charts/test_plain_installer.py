"""The installer for clusters without Helm: what it applies, what it refuses, what it never shows."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from agent.drivers.kubernetes.settings import Allowance, Settings
from infra.charts import pack
from tests.functional.kubernetes.charts.conftest import Docs, Render, one
from tests.support import installers

SCRIPT = pack.INSTALLER.read_text()
TOOLS = ("sh", "cat", "curl", "sed", "printf", "tail")
OF_HELM = ("helm.sh/chart", "app.kubernetes.io/managed-by")
KUBECTL = """#!/bin/sh
# Stands in for kubectl: writes down how it was called and what it was given.
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
    version) exit "${UNREACHABLE:-0}" ;;
    "get namespace"*) exit "${NO_NAMESPACE:-0}" ;;
    *"create secret"*) printf '{"kind": "Secret", "token": "%s"}' "$(cat)" ;;
    apply*) { echo ---; cat; echo; } >>"$CALLS.applied" ;;
    *" exec "*) printf 'platform: It is away.\\n' ;;
    *"rollout status"*) exit "${NOT_READY:-0}" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    return installers.machine(tmp_path, TOOLS, {"kubectl": KUBECTL})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with installers.handing_out(pack.files("registry.example/agent:7")) as found:
        yield found


async def _install(machine: dict[str, str], *arguments: str) -> tuple[int, str]:
    return await installers.install(SCRIPT, machine, *arguments)


def _docs(text: str) -> Docs:
    return [doc for doc in yaml.safe_load_all(text) if doc]


def _less_helm(docs: Docs) -> list[str]:
    for doc in docs:
        for label in OF_HELM:
            doc["metadata"]["labels"].pop(label, None)
    return sorted(json.dumps(doc, sort_keys=True) for doc in docs)


@pytest.mark.feature("Agents are installed in a cluster without Helm by one command")
async def test_it_applies_namespace_token_and_agents(
    machine: dict[str, str], url: str, tmp_path: Path
) -> None:
    machine["NO_NAMESPACE"] = "1"
    code, text = await _install(machine, "--url", f"{url}/", "--token", "sse_t-1", "--namespace", "desks")
    assert code == 0, text
    calls = (tmp_path / "calls").read_text()
    assert "sse_t-1" not in calls + text, "the token is seen by whoever lists processes"
    applied = _docs((tmp_path / "calls.applied").read_text())
    assert [doc["kind"] for doc in applied[:2]] == ["Namespace", "Secret"]
    assert applied[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert applied[1]["token"] == "sse_t-1"
    (container,) = one(applied[2:], "StatefulSet")["spec"]["template"]["spec"]["containers"]
    assert (container["image"], f"--url={url}" in container["args"]) == ("registry.example/agent:7", True)
    assert {doc["metadata"]["namespace"] for doc in applied[2:]} == {"desks"}
    assert "-n desks rollout status statefulset/streamspace-agent" in calls


async def test_an_update_needs_no_token_and_leaves_the_namespace_alone(
    machine: dict[str, str], url: str, tmp_path: Path
) -> None:
    code, text = await _install(machine, "--url", url)
    assert code == 0, text
    kinds = [doc["kind"] for doc in _docs((tmp_path / "calls.applied").read_text())]
    assert not {"Namespace", "Secret"} & set(kinds)


async def test_what_it_fills_in_is_what_helm_renders(
    machine: dict[str, str], url: str, render: Render
) -> None:
    given = ("--namespace", "desks", "--replicas", "3", "--image", "r.example/a:v1", "--takeover", "--print")
    code, text = await _install(machine, "--url", url, *given)
    assert code == 0, text
    values = (f"url={url}", "existingSecret=streamspace-agent-enrolment")
    more = ("replicas=3", "image.repository=r.example/a", "image.tag=v1", "takeover=true")
    wanted = render(*more, good=values)
    mine = _docs(text)
    for docs in (mine, wanted):
        args = one(docs, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["args"]
        args.sort()
        ports = one(docs, "NetworkPolicy")["spec"]["egress"][1]["ports"]
        ports.sort(key=lambda each: str(each["port"]))
    assert _less_helm(mine) == _less_helm(wanted)


async def test_what_sessions_may_use_is_put_into_the_settings(machine: dict[str, str], url: str) -> None:
    def mark(docs: Docs) -> str:
        annotations = one(docs, "StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["streamspace/settings"])

    _, plain = await _install(machine, "--url", url, "--print")
    code, text = await _install(machine, "--url", url, "--cpu", "6.5", "--memory", "24Gi", "--print")
    assert code == 0, text
    settings = json.loads(one(_docs(text), "ConfigMap")["data"]["settings.json"])
    found = Settings.model_validate(settings)
    assert found.capacity == Allowance(cpu="6.5", memory="24Gi")
    assert mark(_docs(text)) != mark(_docs(plain)), "agents read settings as they start"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "usage"),
        (("--url", "space.example"), "does not begin with"),
        (("--url", "https://x.example/path"), "has a path"),
        (("--url", "https://x.example:https"), "no valid port"),
        (("--url", 'https://x"; rm'), "is not a control plane's URL"),
        (("--url", "https://x.example", "--token", "a|b"), "not an enrolment token"),
        (("--url", "https://x.example", "--namespace", "A b"), "not a namespace's name"),
        (("--url", "https://x.example", "--replicas", "0"), "a number from 1 to 10"),
        (("--url", "https://x.example", "--cpu", "two", "--memory", "1Gi"), "not a number of cores"),
        (("--url", "https://x.example", "--cpu", "2", "--memory", "a|b"), "not an amount of memory"),
        (("--url", "https://x.example", "--cpu", "2"), "--cpu and --memory together"),
        (("--url", "https://x.example", "--image", 'a"b'), "not an image's name"),
        (("--url", "http://127.0.0.1:9"), "does not hand out the agent"),
        (("--colour", "red"), "unknown option"),
    ],
)
async def test_it_refuses_what_it_cannot_use(
    machine: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, text = await _install(machine, *arguments)
    assert (code, said in text) == (1, True), text
    assert not (tmp_path / "calls").exists()


async def test_it_says_what_is_wrong_with_the_cluster(
    machine: dict[str, str], url: str, tmp_path: Path
) -> None:
    code, text = await _install({**machine, "NOT_READY": "1"}, "--url", url, "--token", "t")
    assert (code, "not ready yet. platform: It is away." in text) == (1, True)
    code, text = await _install({**machine, "UNREACHABLE": "1"}, "--url", url, "--token", "t")
    assert (code, "does not reach a cluster" in text) == (1, True)
    (tmp_path / "bin" / "kubectl").unlink()
    code, text = await _install(machine, "--url", url, "--token", "t")
    assert (code, "Please install kubectl first" in text) == (1, True)


async def test_a_download_that_breaks_off_does_nothing(machine: dict[str, str]) -> None:
    await installers.does_nothing_when_it_breaks_off(SCRIPT, machine)
