"""The commands that install and enrol agents, each on its platform. Nothing else here knows platforms."""

AGENTS_OF_CHART = 2
"""Replicas that the chart and the manifests have unless they are told otherwise."""


def on_docker(url: str, token: str) -> str:
    """For one agent, on the machine that this is run on."""
    return f"curl -fsSL {url}/install | sh -s -- --url {url} --token {token}"


def by_chart(url: str, token: str, agents: int) -> str:
    """For all of a token's agents, on the cluster that Helm is pointed at."""
    command = (
        f"helm upgrade --install streamspace-agent {url}/install/agent-chart.tgz "
        f"--namespace streamspace --create-namespace --set url={url} --set token={token}"
    )
    return command if agents == AGENTS_OF_CHART else f"{command} --set replicas={agents}"


def by_manifests(url: str, token: str, agents: int) -> str:
    """The same without Helm."""
    command = f"curl -fsSL {url}/install/kubernetes | sh -s -- --url {url} --token {token}"
    return command if agents == AGENTS_OF_CHART else f"{command} --replicas {agents}"
