"""The commands that install and enrol agents, each on its platform. Nothing else here knows platforms."""

from dataclasses import dataclass

USUAL_AGENTS = 2
"""Replicas that the chart and the manifests have unless they are told otherwise."""


@dataclass(frozen=True)
class Installation:
    """What is asked of whom: `agents` is how many the controller has afterwards. One that `adds` to a
    controller leaves all else there as it was set."""

    url: str
    token: str
    agents: int = 1
    adds: bool = False


def on_docker(asked: Installation) -> str:
    """For one agent, on the machine that this is run on."""
    return f"curl -fsSL {asked.url}/install | sh -s -- --url {asked.url} --token {asked.token}"


def by_chart(asked: Installation) -> str:
    """For all agents, on the cluster that Helm is pointed at."""
    parts = [
        f"helm upgrade --install streamspace-agent {asked.url}/install/agent-chart.tgz",
        "--namespace streamspace --create-namespace",
        *(["--reset-then-reuse-values"] if asked.adds else []),
        f"--set url={asked.url} --set token={asked.token}",
        *([f"--set replicas={asked.agents}"] if asked.adds or asked.agents != USUAL_AGENTS else []),
    ]
    return " ".join(parts)


def by_manifests(asked: Installation) -> str:
    """The same without Helm."""
    command = f"curl -fsSL {asked.url}/install/kubernetes | sh -s -- --url {asked.url} --token {asked.token}"
    return command if asked.agents == USUAL_AGENTS else f"{command} --replicas {asked.agents}"
